"""The rows: AWS's client library fails by itself, before or after it has talked to AWS.

By class name, the most special first along the method resolution order. A test asks the library for every exception
class: one that is neither here nor in ``NOT_MET`` fails it.
"""

from __future__ import annotations

from costsentry_cli.domain.aws_error_rows import NOT_THERE, REFUSED, Row

SSO = Row("CS0402", cause="the SSO session has expired, or there is none", help="aws sso login")
LOGIN = Row("CS0402", cause="the session of aws login has expired, or there is none", help="aws login")
CONFIG = Row("CS0412")
NO_REGION = Row("CS0404")
NO_SUCH_PLACE = Row("CS0404", cause="AWS has no such region, or the service is not in it")
OLD_LIBRARY = Row("CS0406", cause="the client library does not know the service", help="pip install --upgrade boto3")
UNREADABLE = Row("CS0809")
UNREACHED = Row("CS0807")

BY_CLASS: dict[str, Row] = {
    # credentials
    "NoCredentialsError": Row("CS0401", undone=True),
    "NoAuthTokenError": Row("CS0401", undone=True),
    "PartialCredentialsError": Row(
        "CS0401", cause="one half of a key is there, the other is not", help="set both, or neither", undone=True
    ),
    "CredentialRetrievalError": Row(
        "CS0402", cause="the program or role that gives the credentials failed", help="aws sts get-caller-identity"
    ),
    "UnknownCredentialError": CONFIG,
    "UnknownTokenProviderError": CONFIG,
    "RefreshWithMFAUnsupportedError": Row(
        "CS0402", cause="the role asks for a code again, and nobody can be asked", help="run it again to type the code"
    ),
    "MetadataRetrievalError": Row("CS0402", cause="the machine's or container's role cannot be asked"),
    "InvalidIMDSEndpointError": CONFIG,
    "InvalidIMDSEndpointModeError": CONFIG,
    # signing in
    "UnauthorizedSSOTokenError": SSO,
    "SSOTokenLoadError": SSO,
    "SSOError": SSO,
    "TokenRetrievalError": SSO,
    "LoginRefreshRequired": LOGIN,
    "LoginTokenLoadError": LOGIN,
    "LoginAuthorizationCodeError": LOGIN,
    "LoginError": LOGIN,
    "LoginInsufficientPermissions": Row(
        "CS0403",
        cause="aws login may not renew its session",
        help="ask for the IAM action signin:CreateOAuth2Token, then: aws login",
    ),
    "MissingDependencyException": Row("CS0406"),
    # configuration
    "ProfileNotFound": Row("CS0405"),
    "ConfigNotFound": CONFIG,
    "ConfigParseError": CONFIG,
    "InvalidConfigError": CONFIG,
    "InfiniteLoopConfigError": CONFIG,
    "InvalidRetryConfigurationError": CONFIG,
    "InvalidDefaultsMode": CONFIG,
    "InvalidSTSRegionalEndpointsConfigError": CONFIG,
    "InvalidS3UsEast1RegionalEndpointConfigError": CONFIG,
    "InvalidEndpointDiscoveryConfigurationError": CONFIG,
    "InvalidEndpointConfigurationError": CONFIG,
    "InvalidChecksumConfigError": CONFIG,
    "InvalidProxiesConfigError": CONFIG,
    # regions and endpoints
    "NoRegionError": NO_REGION,
    "InvalidRegionError": NO_SUCH_PLACE,
    "UnknownRegionError": NO_SUCH_PLACE,
    "ServiceNotInRegionError": NO_SUCH_PLACE,
    "BaseEndpointResolverError": NO_SUCH_PLACE,
    "EndpointProviderError": NO_SUCH_PLACE,
    # the installed library
    "DataNotFoundError": OLD_LIBRARY,
    "ApiVersionNotFoundError": OLD_LIBRARY,
    "UnsupportedServiceProtocolsError": OLD_LIBRARY,
    # the way to AWS
    "ConnectTimeoutError": Row("CS0807", retry=True, tries=3, undone=True, cause="nobody answered the connection"),
    "ReadTimeoutError": Row("CS0808", retry=True),
    "ConnectionClosedError": Row("CS0807", retry=True, cause="the connection was closed before the answer came"),
    "EndpointConnectionError": Row("CS0807", retry=True, tries=4, undone=True),
    "SSLError": Row("CS0807", cause="the encrypted connection could not be set up", undone=True),
    "ProxyConnectionError": Row(
        "CS0807", cause="the proxy does not let it through", help="check HTTPS_PROXY and NO_PROXY", undone=True
    ),
    "ConnectionError": UNREACHED,
    "HTTPClientError": Row("CS0807", retry=True),
    "ResponseStreamingError": Row("CS0807", cause="the answer broke off"),
    "IncompleteReadError": UNREADABLE,
    "ChecksumError": UNREADABLE,
    "FlexibleChecksumError": UNREADABLE,
    "ResponseParserError": UNREADABLE,
    "WebPage": Row(
        "CS0807",
        cause="a proxy or a guest network answers in AWS's place",
        help="log in to the network, or check HTTPS_PROXY and NO_PROXY",
    ),
    # our own request
    "ParamValidationError": Row("CS0802", undone=True),
    "ValidationError": REFUSED,
    "MissingParametersError": REFUSED,
    "InvalidHostLabelError": NOT_THERE,
    # a new one of theirs
    "BotoCoreError": Row("CS0815"),
}

NOT_MET = frozenset(
    {
        # S3
        "InvalidDNSNameError",
        "InvalidS3AddressingStyleError",
        "UnsupportedS3ArnError",
        "UnsupportedS3ControlArnError",
        "UnsupportedOutpostResourceError",
        "UnsupportedS3ConfigurationError",
        "UnsupportedS3AccesspointConfigurationError",
        "UnsupportedS3ControlConfigurationError",
        "AwsChunkedWrapperError",
        "UnseekableStreamError",
        "MD5UnavailableError",
        # the library's own paging, waiters, stubs and retries
        "PaginationError",
        "OperationNotPageableError",
        "WaiterError",
        "WaiterConfigError",
        "StubResponseError",
        "CapacityNotAvailableError",
        "InvalidExpressionError",
        # asking the library for what it has not
        "UnknownClientMethodError",
        "UnknownServiceStyle",
        "UnknownSignatureVersionError",
        "UnsupportedSignatureVersionError",
    }
)
"""Exceptions of what the door does not use; they would be met as a ``BotoCoreError``."""

"""`logs`: CloudWatch Logs groups of class STANDARD, their streams and events, filter patterns and Insights queries.

Events past their group's retention are gone, by the sandbox's clock. Settings: ``insights_delay_looks``,
``filter_page_events``. Not here, refused by name: metric and subscription filters, exports, policies, deliveries,
live tail, anomalies, saved queries, encryption, other classes than STANDARD.
"""

from __future__ import annotations

from costsentry_cli.sandbox.contract import Handler
from costsentry_cli.sandbox.services import logs_events as events
from costsentry_cli.sandbox.services import logs_groups as groups
from costsentry_cli.sandbox.services import logs_queries as queries

OPERATIONS: dict[str, Handler] = {
    "CreateLogGroup": groups.create_log_group,
    "DeleteLogGroup": groups.delete_log_group,
    "DescribeLogGroups": groups.describe_log_groups,
    "PutRetentionPolicy": groups.put_retention_policy,
    "DeleteRetentionPolicy": groups.delete_retention_policy,
    "CreateLogStream": groups.create_log_stream,
    "DeleteLogStream": groups.delete_log_stream,
    "DescribeLogStreams": groups.describe_log_streams,
    "TagResource": groups.tag_resource,
    "UntagResource": groups.untag_resource,
    "ListTagsForResource": groups.list_tags_for_resource,
    "TagLogGroup": groups.tag_log_group,
    "UntagLogGroup": groups.untag_log_group,
    "ListTagsLogGroup": groups.list_tags_log_group,
    "PutLogEvents": events.put_log_events,
    "GetLogEvents": events.get_log_events,
    "FilterLogEvents": events.filter_log_events,
    "GetLogRecord": events.get_log_record,
    "StartQuery": queries.start_query,
    "GetQueryResults": queries.get_query_results,
    "StopQuery": queries.stop_query,
    "DescribeQueries": queries.describe_queries,
}

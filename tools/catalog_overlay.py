"""What the price map does not say about Bedrock models, as small dated tables; ``make_catalog.py`` reads them.

State of knowledge: November 2026. Each table names where its rows come from.
"""

from __future__ import annotations

# Destination regions of a geographic inference profile (AWS: "Supported Regions and models for inference profiles").
# Real profiles name their own regions; GetInferenceProfile is the truth, this is the picture used offline.
# "global" has none: its model ARN has an empty region.
GEOGRAPHIES: dict[str, tuple[str, ...]] = {
    "apac": (
        "ap-northeast-1",
        "ap-northeast-2",
        "ap-northeast-3",
        "ap-south-1",
        "ap-south-2",
        "ap-southeast-1",
        "ap-southeast-2",
        "ap-southeast-4",
    ),
    "au": ("ap-southeast-2", "ap-southeast-4"),
    "ca": ("ca-central-1", "ca-west-1"),
    "eu": ("eu-central-1", "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-3"),
    "global": (),
    "in": ("ap-south-1", "ap-south-2"),
    "jp": ("ap-northeast-1", "ap-northeast-3"),
    "us": ("us-east-1", "us-east-2", "us-west-2"),
    "us-gov": ("us-gov-east-1", "us-gov-west-1"),
}

# Profiles known to exist although the price map has no row of their own.
EXTRA_GEOS: dict[str, tuple[str, ...]] = {
    "amazon.nova-premier-v1:0": ("us",),
    "anthropic.claude-3-haiku-20240307-v1:0": ("apac", "eu", "us"),
    "anthropic.claude-3-sonnet-20240229-v1:0": ("apac", "eu", "us"),
    "anthropic.claude-haiku-4-5-20251001-v1:0": ("ca",),
}

# Makers by the first word of an id. TwelveLabs is left out: the price map says chat, Converse does not take it.
PROVIDERS: dict[str, str] = {
    "ai21": "AI21 Labs",
    "amazon": "Amazon",
    "anthropic": "Anthropic",
    "cohere": "Cohere",
    "deepseek": "DeepSeek",
    "google": "Google",
    "meta": "Meta",
    "minimax": "MiniMax",
    "mistral": "Mistral AI",
    "moonshot": "Moonshot AI",
    "moonshotai": "Moonshot AI",
    "nvidia": "NVIDIA",
    "openai": "OpenAI",
    "qwen": "Qwen",
    "writer": "Writer",
    "xai": "xAI",
    "zai": "Z.AI",
}


# Keys of the price map that are no model of AWS (a 3.7 Sonnet with the date of 3.5).
NOT_A_MODEL: tuple[str, ...] = ("anthropic.claude-3-7-sonnet-20240620-v1:0",)

# One model under two spellings in the price map: the second is AWS's.
SAME_MODEL: dict[str, str] = {"moonshotai.kimi-k2-thinking": "moonshot.kimi-k2-thinking"}

# Billed by AWS Marketplace under an own service name, "<name> (Amazon Bedrock Edition)"; all else is "Amazon Bedrock".
# Source: price list service codes AmazonBedrockFoundationModels (Marketplace) and AmazonBedrock (first party, open
# weight). xAI is assumed: no price list row was seen. Ids that start with the second are open weight.
MARKETPLACE_PROVIDERS: tuple[str, ...] = ("ai21", "anthropic", "cohere", "openai", "writer", "xai")
NOT_MARKETPLACE: tuple[str, ...] = ("openai.gpt-oss",)
# The product's name where it is not the model's name alone.
PRODUCT_MAKERS: dict[str, str] = {"cohere": "Cohere", "openai": "OpenAI"}
PRODUCTS: dict[str, str] = {
    "cohere.command-light-text-v14": "Cohere Generate Model - Command-Light",
    "cohere.command-text-v14": "Cohere Generate Model - Command",
    "writer.palmyra-vision-7b": "Writer Palmyra Vision 7B",
}

# Callable by bare id although profiles exist too. Elsewhere the rule is: by bare id when the price map names
# commercial regions for it, or knows no commercial profile for it; Claude from 3.7 on only through profiles.
IN_REGION: tuple[str, ...] = (
    "amazon.nova-lite-v1",
    "amazon.nova-micro-v1",
    "amazon.nova-pro-v1",
    "anthropic.claude-3-5-",
    "anthropic.claude-3-haiku",
    "anthropic.claude-3-opus",
    "anthropic.claude-3-sonnet",
    "meta.llama3-1-",
)
PROFILE_ONLY: tuple[str, ...] = ("amazon.nova-premier", "deepseek.r1", "anthropic.claude-3-7")

# End of life by model id: AWS "Model lifecycle (Legacy)" table, snapshot of 2026-11, and for those gone from it the
# days in awslabs/startups ai-model-lifecycle (2026-05). Wins over the price map.
END_OF_LIFE: dict[str, str] = {
    "ai21.jamba-1-5-large-v1:0": "2026-11-26",
    "ai21.jamba-1-5-mini-v1:0": "2026-11-26",
    "amazon.nova-premier-v1:0": "2026-09-14",
    "anthropic.claude-3-5-haiku-20241022-v1:0": "2026-06-19",
    "anthropic.claude-3-7-sonnet-20250219-v1:0": "2026-04-28",
    "anthropic.claude-3-haiku-20240307-v1:0": "2026-09-10",
    "anthropic.claude-opus-4-1-20250805-v1:0": "2027-01-08",
    "anthropic.claude-opus-4-20250514-v1:0": "2026-05-31",
    "anthropic.claude-sonnet-4-20250514-v1:0": "2026-10-14",
    "cohere.command-r-plus-v1:0": "2026-08-19",
    "cohere.command-r-v1:0": "2026-08-19",
}

# Past end of life and gone from AWS's tables: the day is not kept here.
GONE: tuple[str, ...] = (
    "ai21.j2-",
    "ai21.jamba-instruct",
    "amazon.titan-text-",
    "anthropic.claude-3-",
    "anthropic.claude-instant",
    "anthropic.claude-v",
    "cohere.command-",
    "meta.llama2-",
)

# Models people still name that the price map has dropped: known, without a price.
DROPPED: dict[str, dict[str, int]] = {
    "anthropic.claude-3-haiku-20240307-v1:0": {"max_input_tokens": 200000, "max_output_tokens": 4096},
    "anthropic.claude-3-sonnet-20240229-v1:0": {"max_input_tokens": 200000, "max_output_tokens": 4096},
    "cohere.command-r-plus-v1:0": {"max_input_tokens": 128000, "max_output_tokens": 4096},
    "cohere.command-r-v1:0": {"max_input_tokens": 128000, "max_output_tokens": 4096},
}

# temperature and top_p exclude each other (Anthropic, from Opus 4.1 on, until sampling went away with Opus 4.7).
TEMPERATURE_XOR_TOP_P: tuple[str, ...] = (
    "anthropic.claude-haiku-4-5",
    "anthropic.claude-opus-4-1",
    "anthropic.claude-opus-4-5",
    "anthropic.claude-opus-4-6",
    "anthropic.claude-sonnet-4-5",
    "anthropic.claude-sonnet-4-6",
)
# No flag in the price map, newer than those that refuse sampling: send none.
NO_SAMPLING: tuple[str, ...] = ("anthropic.claude-mythos",)

# Where no flag is given: continues a trailing assistant message (Claude before 4.6, Nova v1).
PREFILL: tuple[str, ...] = (
    "amazon.nova-lite-v1",
    "amazon.nova-micro-v1",
    "amazon.nova-pro-v1",
    "anthropic.claude-3-",
    "anthropic.claude-instant",
    "anthropic.claude-v",
)

# Converse refuses a system prompt (AWS: "Supported models and model features").
NO_SYSTEM: tuple[str, ...] = (
    "ai21.j2-",
    "amazon.titan-text-",
    "cohere.command-light-text",
    "cohere.command-text",
    "mistral.mistral-7b-instruct-v0",
    "mistral.mixtral-8x7b",
)

# Where top_k goes in additionalModelRequestFields, by the start of the id; absent: the model has no top_k.
TOP_K: dict[str, str] = {
    "amazon.nova-": "additional:inferenceConfig.topK",
    "anthropic.": "additional:top_k",
    "cohere.": "additional:k",
    "mistral.": "additional:top_k",
}

# Families the rule cannot spell.
FAMILIES: dict[str, str] = {"ai21.j2-": "jurassic", "deepseek.": "deepseek", "openai.gpt-oss": "gpt-oss"}

# Names the rule cannot spell.
NAMES: dict[str, str] = {
    "ai21.j2-mid-v1": "Jurassic-2 Mid",
    "ai21.j2-ultra-v1": "Jurassic-2 Ultra",
    "anthropic.claude-instant-v1": "Claude Instant",
    "anthropic.claude-v1": "Claude",
    "anthropic.claude-v2:1": "Claude 2.1",
    "cohere.command-light-text-v14": "Command Light",
    "cohere.command-r-plus-v1:0": "Command R+",
    "cohere.command-text-v14": "Command",
    "deepseek.r1-v1:0": "DeepSeek-R1",
    "deepseek.v3-v1:0": "DeepSeek-V3.1",
    "deepseek.v3.2": "DeepSeek V3.2",
    "mistral.mistral-large-2402-v1:0": "Mistral Large (24.02)",
    "mistral.mistral-large-2407-v1:0": "Mistral Large (24.07)",
    "mistral.mistral-small-2402-v1:0": "Mistral Small (24.02)",
    "mistral.mixtral-8x7b-instruct-v0:1": "Mixtral 8x7B Instruct",
}

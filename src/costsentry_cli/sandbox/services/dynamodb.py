"""`dynamodb`: tables with a partition key and perhaps a sort key, items with conditions and transactions.

Every call runs alone in the store's write transaction, so conditional writes are atomic across threads and processes,
as they are at AWS. Reads are always consistent. Items whose time to live is over go at the next call to their table.
Not here, refused by name: secondary indexes, streams, backups, PartiQL, and the parameters expressions have replaced.
"""

from __future__ import annotations

from costsentry_cli.sandbox.contract import Handler
from costsentry_cli.sandbox.services import dynamodb_items as items
from costsentry_cli.sandbox.services import dynamodb_many as many
from costsentry_cli.sandbox.services import dynamodb_search as search
from costsentry_cli.sandbox.services import dynamodb_tables as tables

OPERATIONS: dict[str, Handler] = {
    "CreateTable": tables.create_table,
    "DeleteTable": tables.delete_table,
    "DescribeTable": tables.describe_table,
    "UpdateTable": tables.update_table,
    "ListTables": tables.list_tables,
    "UpdateTimeToLive": tables.update_time_to_live,
    "DescribeTimeToLive": tables.describe_time_to_live,
    "UpdateContinuousBackups": tables.update_continuous_backups,
    "DescribeContinuousBackups": tables.describe_continuous_backups,
    "TagResource": tables.tag_resource,
    "UntagResource": tables.untag_resource,
    "ListTagsOfResource": tables.list_tags_of_resource,
    "PutItem": items.put_item,
    "GetItem": items.get_item,
    "UpdateItem": items.update_item,
    "DeleteItem": items.delete_item,
    "Query": search.query,
    "Scan": search.scan,
    "TransactWriteItems": many.transact_write_items,
    "TransactGetItems": many.transact_get_items,
    "BatchWriteItem": many.batch_write_item,
    "BatchGetItem": many.batch_get_item,
}

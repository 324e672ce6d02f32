use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::Intercept;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Delete, Put, ReturnValue, TransactWriteItem, Update,
};
use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::StoreError;
use crate::keys::{Key, PENDING_INDEX, PENDING_PK, PENDING_SK, PK, SK, TTL};

/// An item as the SDK has it.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// The table. Each module adds the verbs of its entity.
#[derive(Debug, Clone)]
pub struct Store {
    pub(crate) client: Client,
    pub(crate) table: String,
}

impl Store {
    /// The table of this name.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self {
            client,
            table: table.into(),
        }
    }

    /// The same table through a client that shows each of its requests to `interceptor` first, which may refuse it.
    #[must_use]
    pub fn with_interceptor(&self, interceptor: impl Intercept + 'static) -> Self {
        let config = self.client.config().to_builder().interceptor(interceptor);
        Self::new(Client::from_conf(config.build()), self.table.clone())
    }

    /// Reads one item, as it is after every write acknowledged so far.
    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        key: Key,
        what: &'static str,
    ) -> Result<Option<T>, StoreError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(key_item(key)))
            .consistent_read(true)
            .send()
            .await
            .map_err(StoreError::call("GetItem"))?;
        answer.item.map(|item| read(item, what)).transpose()
    }
}

/// Asks for what stands in a partition under sort keys that begin with `prefix`, as it is after every write acknowledged so far.
pub(crate) fn below(
    store: &Store,
    partition: impl Into<String>,
    prefix: impl Into<String>,
) -> QueryFluentBuilder {
    store
        .client
        .query()
        .table_name(&store.table)
        .consistent_read(true)
        .key_condition_expression("#pk = :pk AND begins_with(#sk, :prefix)")
        .expression_attribute_names("#pk", PK)
        .expression_attribute_names("#sk", SK)
        .expression_attribute_values(":pk", text(partition))
        .expression_attribute_values(":prefix", text(prefix))
}

/// Asks the index of unfinished work for what stands in a partition under sort keys less than `before`. The index lags behind
/// the table.
pub(crate) fn pending_before(
    store: &Store,
    partition: impl Into<String>,
    before: impl Into<String>,
) -> QueryFluentBuilder {
    store
        .client
        .query()
        .table_name(&store.table)
        .index_name(PENDING_INDEX)
        .key_condition_expression("#pk = :pk AND #sk < :before")
        .expression_attribute_names("#pk", PENDING_PK)
        .expression_attribute_names("#sk", PENDING_SK)
        .expression_attribute_values(":pk", text(partition))
        .expression_attribute_values(":before", text(before))
}

/// All that a query finds, page after page.
pub(crate) async fn read_all<T: DeserializeOwned>(
    query: QueryFluentBuilder,
    what: &'static str,
) -> Result<Vec<T>, StoreError> {
    let mut items = query.into_paginator().items().send();
    let mut found = Vec::new();
    while let Some(item) = items.next().await {
        found.push(read(item.map_err(StoreError::call("Query"))?, what)?);
    }
    Ok(found)
}

/// Which of several writers wrote an item as it is. Not part of what is stored.
const WRITER: &str = "writer";

/// Puts a changed item in the place of the one that was read, at version `seen`.
///
/// # Errors
/// [`StoreError::Conflict`] when another writer was first: nothing may be done on the strength of what was read.
pub(crate) async fn replace(
    store: &Store,
    key: Key,
    mut item: Item,
    seen: u64,
) -> Result<(), StoreError> {
    let writer = format!("{:032x}", rand::random::<u128>());
    item.insert(WRITER.to_owned(), text(&writer));
    let answer = store
        .client
        .put_item()
        .table_name(&store.table)
        .set_item(Some(item))
        .condition_expression("version = :seen")
        .expression_attribute_values(":seen", number(seen))
        .send()
        .await
        .map_err(StoreError::call("PutItem"));
    match answer {
        Ok(_) => Ok(()),
        // The write may have gone through and its answer been lost, so that the client's second try found the first.
        Err(StoreError::Conflict) => {
            let stored: Option<Written> = store.get(key, "writer").await?;
            match stored.and_then(|stored| stored.writer) {
                Some(stored) if stored == writer => Ok(()),
                _ => Err(StoreError::Conflict),
            }
        }
        Err(error) => Err(error),
    }
}

#[derive(Deserialize)]
struct Written {
    writer: Option<String>,
}

/// Writes an item whatever stands there, or at random keys, where nothing does.
pub(crate) async fn put(store: &Store, item: Item) -> Result<(), StoreError> {
    store
        .client
        .put_item()
        .table_name(&store.table)
        .set_item(Some(item))
        .send()
        .await
        .map_err(StoreError::call("PutItem"))?;
    Ok(())
}

/// Counts one up and gives the number. One lost to a crash, or counted twice by a retry, leaves a gap, which means nothing: only
/// the order counts.
pub(crate) async fn next_number(store: &Store, key: Key) -> Result<u64, StoreError> {
    let answer = store
        .client
        .update_item()
        .table_name(&store.table)
        .set_key(Some(key_item(key)))
        .update_expression("ADD #last :one")
        .expression_attribute_names("#last", "last")
        .expression_attribute_values(":one", number(1))
        .return_values(ReturnValue::UpdatedNew)
        .send()
        .await
        .map_err(StoreError::call("UpdateItem"))?;
    answer
        .attributes
        .and_then(|item| item.get("last")?.as_n().ok()?.parse().ok())
        .ok_or_else(|| StoreError::malformed("sequence")("no number".to_owned()))
}

/// Deletes an item; one that is gone already stays so.
pub(crate) async fn delete(store: &Store, key: Key) -> Result<(), StoreError> {
    store
        .client
        .delete_item()
        .table_name(&store.table)
        .set_key(Some(key_item(key)))
        .send()
        .await
        .map_err(StoreError::call("DeleteItem"))?;
    Ok(())
}

pub(crate) fn key_item(key: Key) -> Item {
    HashMap::from([
        (PK.to_owned(), AttributeValue::S(key.pk)),
        (SK.to_owned(), AttributeValue::S(key.sk)),
    ])
}

/// A value and its key as one item.
pub(crate) fn write<T: Serialize>(
    key: Key,
    value: &T,
    what: &'static str,
) -> Result<Item, StoreError> {
    let mut item: Item = serde_dynamo::to_item(value)
        .map_err(|error| StoreError::malformed(what)(error.to_string()))?;
    item.extend(key_item(key));
    Ok(item)
}

pub(crate) fn read<T: DeserializeOwned>(item: Item, what: &'static str) -> Result<T, StoreError> {
    serde_dynamo::from_item(item).map_err(|error| StoreError::malformed(what)(error.to_string()))
}

pub(crate) fn value<T: Serialize>(
    value: &T,
    what: &'static str,
) -> Result<AttributeValue, StoreError> {
    serde_dynamo::to_attribute_value(value)
        .map_err(|error| StoreError::malformed(what)(error.to_string()))
}

pub(crate) fn text(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

pub(crate) fn number(number: impl ToString) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

/// Writes an item where there is none.
pub(crate) fn put_new(store: &Store, item: Item) -> Result<TransactWriteItem, StoreError> {
    put_if(
        store,
        item,
        "attribute_not_exists(#pk)",
        &[("#pk", PK)],
        &[],
    )
}

/// Writes an item on a condition; a blank one always holds.
pub(crate) fn put_if(
    store: &Store,
    item: Item,
    condition: &str,
    names: &[(&str, &str)],
    values: &[(&str, AttributeValue)],
) -> Result<TransactWriteItem, StoreError> {
    let mut put = Put::builder()
        .table_name(&store.table)
        .set_item(Some(item))
        .set_condition_expression(on(condition));
    for (placeholder, name) in names {
        put = put.expression_attribute_names(*placeholder, *name);
    }
    for (placeholder, value) in values {
        put = put.expression_attribute_values(*placeholder, value.clone());
    }
    let put = put
        .build()
        .map_err(|error| StoreError::malformed("write")(error.to_string()))?;
    Ok(TransactWriteItem::builder().put(put).build())
}

/// Changes an item on a condition; a blank one always holds.
pub(crate) fn update_if(
    store: &Store,
    key: Key,
    change: &str,
    condition: &str,
    names: &[(&str, &str)],
    values: &[(&str, AttributeValue)],
) -> Result<TransactWriteItem, StoreError> {
    let mut update = Update::builder()
        .table_name(&store.table)
        .set_key(Some(key_item(key)))
        .update_expression(change)
        .set_condition_expression(on(condition));
    for (placeholder, name) in names {
        update = update.expression_attribute_names(*placeholder, *name);
    }
    for (placeholder, value) in values {
        update = update.expression_attribute_values(*placeholder, value.clone());
    }
    let update = update
        .build()
        .map_err(|error| StoreError::malformed("update")(error.to_string()))?;
    Ok(TransactWriteItem::builder().update(update).build())
}

fn on(condition: &str) -> Option<String> {
    (!condition.is_empty()).then(|| condition.to_owned())
}

/// Writes nothing, but only where a condition on an item holds.
pub(crate) fn check_that(
    store: &Store,
    key: Key,
    attribute: &str,
    value: AttributeValue,
) -> Result<TransactWriteItem, StoreError> {
    let check = ConditionCheck::builder()
        .table_name(&store.table)
        .set_key(Some(key_item(key)))
        .condition_expression("#attribute = :value")
        .expression_attribute_names("#attribute", attribute)
        .expression_attribute_values(":value", value)
        .build()
        .map_err(|error| StoreError::malformed("check")(error.to_string()))?;
    Ok(TransactWriteItem::builder().condition_check(check).build())
}

/// Deletes an item, whether it is there or not.
pub(crate) fn delete_always(store: &Store, key: Key) -> Result<TransactWriteItem, StoreError> {
    let delete = Delete::builder()
        .table_name(&store.table)
        .set_key(Some(key_item(key)))
        .build()
        .map_err(|error| StoreError::malformed("delete")(error.to_string()))?;
    Ok(TransactWriteItem::builder().delete(delete).build())
}

/// Deletes an item on a condition on one of its attributes.
pub(crate) fn delete_if(
    store: &Store,
    key: Key,
    attribute: &str,
    value: AttributeValue,
) -> Result<TransactWriteItem, StoreError> {
    let delete = Delete::builder()
        .table_name(&store.table)
        .set_key(Some(key_item(key)))
        .condition_expression("#attribute = :value")
        .expression_attribute_names("#attribute", attribute)
        .expression_attribute_values(":value", value)
        .build()
        .map_err(|error| StoreError::malformed("delete")(error.to_string()))?;
    Ok(TransactWriteItem::builder().delete(delete).build())
}

/// Makes an item go away some time after `now`.
pub(crate) fn expire(item: &mut Item, now: Timestamp, after: SignedDuration) {
    item.insert(TTL.to_owned(), number((now + after).as_second()));
}

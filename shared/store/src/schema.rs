//! Makes the table where no template does: on one machine and in tests. `infra/template.yaml` declares the same.

use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType, TimeToLiveSpecification,
};

use crate::keys::{PENDING_INDEX, PENDING_PK, PENDING_SK, PK, SK, TTL};
use crate::{Store, StoreError};

/// Creates the table with its index and expiry unless it exists. Ready when it returns.
///
/// # Errors
/// When the server cannot be reached or refuses.
pub async fn create(store: &Store) -> Result<(), StoreError> {
    let mut request = store
        .client
        .create_table()
        .table_name(&store.table)
        .billing_mode(BillingMode::PayPerRequest)
        .set_key_schema(Some(key_schema(PK, SK)?))
        .global_secondary_indexes(
            GlobalSecondaryIndex::builder()
                .index_name(PENDING_INDEX)
                .set_key_schema(Some(key_schema(PENDING_PK, PENDING_SK)?))
                .projection(
                    Projection::builder()
                        .projection_type(ProjectionType::KeysOnly)
                        .build(),
                )
                .build()
                .map_err(malformed)?,
        );
    for name in [PK, SK, PENDING_PK, PENDING_SK] {
        request = request.attribute_definitions(
            AttributeDefinition::builder()
                .attribute_name(name)
                .attribute_type(ScalarAttributeType::S)
                .build()
                .map_err(malformed)?,
        );
    }
    match request.send().await {
        Ok(_) => {}
        // Two programs that start at once both try; the second finds what it wanted.
        Err(error) if error.code() == Some("ResourceInUseException") => return Ok(()),
        Err(error) => return Err(StoreError::call("CreateTable")(error)),
    }
    store
        .client
        .update_time_to_live()
        .table_name(&store.table)
        .time_to_live_specification(
            TimeToLiveSpecification::builder()
                .attribute_name(TTL)
                .enabled(true)
                .build()
                .map_err(malformed)?,
        )
        .send()
        .await
        .map_err(StoreError::call("UpdateTimeToLive"))?;
    Ok(())
}

fn key_schema(hash: &str, range: &str) -> Result<Vec<KeySchemaElement>, StoreError> {
    [(hash, KeyType::Hash), (range, KeyType::Range)]
        .into_iter()
        .map(|(name, key_type)| {
            KeySchemaElement::builder()
                .attribute_name(name)
                .key_type(key_type)
                .build()
                .map_err(malformed)
        })
        .collect()
}

fn malformed(error: aws_sdk_dynamodb::error::BuildError) -> StoreError {
    StoreError::malformed("table definition")(error.to_string())
}

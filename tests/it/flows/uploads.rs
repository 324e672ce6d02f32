//! Uploads of one hospital: judged, compared with each other, counted.

use intake::Intake;
use jiff::SignedDuration;
use sample_data::Damage;
use serde_json::{Value, json};

use super::{Delivery, Flow};
use crate::samples::{clean, damaged};
use crate::stage::{Player, Stage};
use crate::weather::Weather;

/// So many uploads; of one, the smallest file there is.
pub struct Uploads<const COUNT: usize> {
    player: Player,
    worker: Intake,
    events: Vec<Value>,
}

fn files(count: usize) -> Vec<Vec<u8>> {
    if count == 1 {
        return vec![damaged("flu", 2, &[(Damage::UnknownCode, 1)])];
    }
    vec![
        clean("flu", 6, 3),
        damaged(
            "flu",
            9,
            &[(Damage::BlankRequired, 2), (Damage::UnknownCode, 1)],
        ),
        clean("flu", 9, 3),
    ]
}

impl<const COUNT: usize> Flow for Uploads<COUNT> {
    const NAME: &'static str = if COUNT == 1 { "one upload" } else { "uploads" };
    const EVENTS: usize = COUNT;

    async fn set(stage: &Stage, weather: &Weather) -> Self {
        let player = stage.player().await;
        let mut events = Vec::new();
        for bytes in files(COUNT) {
            events.push(stage.upload(&player, "flu.zip", &bytes).await.1);
        }
        Self {
            player,
            worker: stage.worker_over(weather.client()).await,
            events,
        }
    }

    fn deliver(&self, event: usize) -> Delivery {
        let (worker, event) = (self.worker.clone(), self.events[event].clone());
        Box::pin(async move { validate_upload::run(&worker, event).await.is_ok() })
    }

    async fn look(&self, stage: &Stage) -> Result<(), String> {
        for upload in stage.dump(&self.player).await.as_array().unwrap() {
            let (detail, findings) = (&upload[0], &upload[1]);
            let count = |name: &str| detail[name].as_u64().unwrap_or_default();
            let fits = if detail["status"] == "done" {
                count("passed") <= count("total")
                    && findings[0]["total"] == count("errors") + count("warnings")
            } else {
                *findings == json!([])
            };
            if !fits {
                return Err(format!("a reader saw {detail} with {findings}"));
            }
        }
        Ok(())
    }

    async fn settle(&self, stage: &Stage) -> Result<(), String> {
        let sweeper = stage.clear_sweeper().await;
        for _ in 0..3 {
            stage.wait(SignedDuration::from_hours(1));
            let swept = reconcile_uploads::run(&sweeper).await;
            swept.map_err(|error| error.to_string())?;
        }
        Ok(())
    }

    async fn state(&self, stage: &Stage) -> Value {
        stage.dump(&self.player).await
    }
}

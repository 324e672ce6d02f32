//! ICD code files of one hospital: one with wrong rows, one that is refused, one whose object is not what was announced.

use jiff::SignedDuration;
use load_icd_file::Loading;
use serde_json::{Value, json};
use store::keys;

use super::{Delivery, Flow};
use crate::icd_redelivery::codes;
use crate::samples::zip;
use crate::stage::{Player, Stage};
use crate::weather::Weather;

pub struct IcdFiles {
    player: Player,
    loader: Loading,
    events: Vec<Value>,
}

impl Flow for IcdFiles {
    const NAME: &'static str = "icd files";
    const EVENTS: usize = 3;

    async fn set(stage: &Stage, weather: &Weather) -> Self {
        let player = stage.player().await;
        let mut events = Vec::new();
        // Files are listed by the moment they were registered.
        let refused = zip(&[("编码.csv", "编码\r\nJ10.101\r\n".as_bytes())]);
        for bytes in [codes("J10.101"), refused] {
            events.push(stage.icd_file(&player, &bytes).await.1);
            stage.wait(SignedDuration::from_secs(1));
        }
        let file = stage.icd_ticket(&player, b"announced").await;
        let event = stage.put_at(&keys::icd_object(&file), b"otherwise").await;
        events.push(event);
        Self {
            player,
            loader: stage.loader_over(weather.client()).await,
            events,
        }
    }

    fn deliver(&self, event: usize) -> Delivery {
        let (loader, event) = (self.loader.clone(), self.events[event].clone());
        Box::pin(async move { load_icd_file::run(&loader, event).await.is_ok() })
    }

    async fn look(&self, stage: &Stage) -> Result<(), String> {
        let dump = stage.icd_dump(&self.player).await;
        for file in dump[0].as_array().unwrap() {
            let (detail, codes) = (&file[0], &file[1]);
            let problems = detail["problems"].as_array().map_or(0, Vec::len) as u64;
            let fits = match detail["status"].as_str().unwrap() {
                "in_use" => detail["wrong_rows"] == problems && codes.is_array(),
                "refused" => problems > 0 && codes.is_null(),
                _ => problems == 0 && codes.is_null(),
            };
            if !fits {
                return Err(format!("a reader saw {detail} with {codes}"));
            }
        }
        Ok(())
    }

    async fn settle(&self, stage: &Stage) -> Result<(), String> {
        let loader = stage.loader_over(stage.clear().client()).await;
        for _ in 0..3 {
            stage.wait(SignedDuration::from_hours(1));
            let swept = load_icd_file::sweep(&loader).await;
            swept.map_err(|error| error.to_string())?;
        }
        Ok(())
    }

    async fn state(&self, stage: &Stage) -> Value {
        json!(stage.icd_dump(&self.player).await)
    }
}

//! Rules that link records with those of other files and of earlier uploads (X-*, FLU-002), and what became of each
//! record sent again (新增 / 更新 / 未变化 / 不达标).

mod collector;

pub use collector::Collector;

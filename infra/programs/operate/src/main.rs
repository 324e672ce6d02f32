//! What an operator, or a hospital's own technician, does from the command line. One module for each subcommand.

mod account;
mod audit;
mod candidate;
mod check;
mod connection;
mod count_again;
mod create_reviewer;
mod export;
mod import_accounts;
mod language;
mod listing;
mod load_standard;
mod outbox;
mod past;
mod preview_standard;
mod progress;
mod publish;
mod recount;
mod redrive;
mod replay;
mod retention;
mod seed_overview;
mod seed_uploads;
mod smoke;
mod verdict;
mod verify;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// 流感医疗服务监测系统命令行工具 · Command line of the influenza reporting service
#[derive(Parser)]
#[command(name = "operate", version, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Check(check::Check),
    ImportAccounts(import_accounts::ImportAccounts),
    CreateReviewer(create_reviewer::CreateReviewer),
    Account(account::ChangeAccount),
    Outbox(outbox::Outbox),
    Audit(audit::Audit),
    PublishMaterial(publish::PublishMaterial),
    Smoke(smoke::Smoke),
    Redrive(redrive::Redrive),
    Replay(replay::Replay),
    PreviewStandard(preview_standard::PreviewStandard),
    LoadStandard(load_standard::LoadStandard),
    Retention(retention::Retention),
    PublishVideos(publish::PublishVideos),
    Verify(verify::Verify),
    Recount(recount::Recount),
    CountAgain(count_again::CountAgain),
    SeedOverview(seed_overview::SeedOverview),
    SeedUploads(seed_uploads::SeedUploads),
    Export(export::Export),
}

fn main() -> ExitCode {
    if isolation::entered() {
        return ExitCode::SUCCESS;
    }
    match Arguments::parse().command {
        Command::Check(check) => check.run(),
        Command::ImportAccounts(import) => import.run(),
        Command::CreateReviewer(create) => create.run(),
        Command::Account(change) => change.run(),
        Command::Outbox(outbox) => outbox.run(),
        Command::Audit(audit) => audit.run(),
        Command::PublishMaterial(publish) => publish.run(),
        Command::Smoke(smoke) => smoke.run(),
        Command::Redrive(redrive) => redrive.run(),
        Command::Replay(replay) => replay.run(),
        Command::PreviewStandard(preview) => preview.run(),
        Command::LoadStandard(load) => load.run(),
        Command::Retention(retention) => retention.run(),
        Command::PublishVideos(publish) => publish.run(),
        Command::Verify(verify) => verify.run(),
        Command::Recount(recount) => recount.run(),
        Command::CountAgain(count) => count.run(),
        Command::SeedOverview(seed) => seed.run(),
        Command::SeedUploads(seed) => seed.run(),
        Command::Export(export) => export.run(),
    }
}

//! Any schedule of faults ends like one clean run: events doubled, reordered, lost and late, requests that fail before or after
//! their effect, throttling, batches half done, answers cut short, damaged or late, a worker that runs out of time, and one that
//! comes back after its claim has run out.
//!
//! A schedule is written in one line. A failure prints the line, shortened to what still fails; it then belongs into
//! `kept_schedules.txt`, with the name of its flow.
//!
//! | variable | what |
//! |---|---|
//! | `FLU_SCHEDULES=N` | schedules of each flow, by seed; 4 unless set |
//! | `FLU_SCHEDULES_FROM=N` | the first seed; 1 unless set |
//! | `FLU_SCHEDULES_PAIRS=N` | pairs of faults on the smallest file; 24 unless set |
//! | `FLU_SCHEDULES_ALL=1` | every fault at every request, and every pair |
//! | `FLU_SCHEDULES_SECONDS=N` | how long each test goes on at most; with another first seed it begins elsewhere |
//!
//! Most of the time goes into what the servers make safe on disk: with `TMPDIR` in memory a long run takes half of it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use domain::death_case::AttachmentState;
use serde_json::Value;

use crate::flows::{
    Approvals, Attachments, Flow, IcdFiles, Notices, Uploads, failure, play, shortened,
};
use crate::icd_redelivery::codes;
use crate::samples::clean;
use crate::schedule::Schedule;
use crate::stage::Stage;
use crate::weather::{Fault, Weather};

const KEPT: &str = include_str!("kept_schedules.txt");
/// Schedules of one flow in an ordinary run.
const TRIED: u64 = 4;
/// Pairs in an ordinary run.
const PAIRS: u64 = 24;
/// So many pairs leave a gigabyte behind, which goes with their servers.
const RENEWED: usize = 500;
/// More than these are tried on every core.
const SEVERAL: usize = 100;
/// Faults that pairs are made of: what a process knows of, and what it does not live to know.
const PAIRED: [Fault; 4] = [Fault::Before, Fault::After, Fault::Frozen, Fault::Ended];

/// A flow, what a clean run of it comes to, and what it asks for.
struct Tried {
    servers: Stage,
    expected: Value,
    requests: Vec<String>,
}

impl Tried {
    async fn set<F: Flow>() -> Self {
        let servers = Stage::set().await;
        let clean = Schedule::clean(F::EVENTS);
        let (expected, requests) = play::<F>(&servers, &clean).await.unwrap();
        assert_eq!(
            failure::<F>(&servers, &clean, &expected).await,
            None,
            "twice the same"
        );
        Self {
            servers,
            expected,
            requests,
        }
    }

    async fn hold<F: Flow>(&self, name: &str, schedule: &Schedule) {
        if let Some(why) = failure::<F>(&self.servers, schedule, &self.expected).await {
            let short = shortened::<F>(&self.servers, schedule, &self.expected).await;
            let now = failure::<F>(&self.servers, &short, &self.expected).await;
            panic!("{name}\n{}: {short}\n{}", F::NAME, now.unwrap_or(why));
        }
    }
}

fn run(future: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(future);
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |value| value.parse().unwrap())
}

fn is_whole() -> bool {
    number("FLU_SCHEDULES_ALL", 0) == 1
}

/// When a test that was given a time is to end.
struct Until(Option<Instant>);

impl Until {
    fn set() -> Self {
        let seconds = number("FLU_SCHEDULES_SECONDS", 0);
        Self((seconds > 0).then(|| Instant::now() + Duration::from_secs(seconds)))
    }

    fn is_over(&self) -> bool {
        self.0.is_some_and(|until| Instant::now() >= until)
    }
}

/// All of them, from one that the first seed chooses, so that runs that are cut short don't all try the same.
fn from_somewhere<T>(mut all: Vec<T>) -> Vec<T> {
    if let (Some(count), true) = (
        u64::try_from(all.len()).ok().filter(|count| *count > 0),
        is_whole(),
    ) {
        // Far from the next seed's, whatever the count.
        let start = number("FLU_SCHEDULES_FROM", 0).wrapping_mul(7919) % count;
        all.rotate_left(usize::try_from(start).unwrap());
    }
    all
}

/// Tells how much was tried, for whoever asked for more than an ordinary run.
#[expect(clippy::print_stderr, reason = "figures of a campaign")]
fn tell(what: &str, count: usize, since: Instant) {
    eprintln!(
        "{what}: {count} schedules in {:.0} s",
        since.elapsed().as_secs_f64()
    );
}

/// The kept schedules of a flow, then seeds.
async fn seeds<F: Flow>() {
    let (tried, since) = (Tried::set::<F>().await, Instant::now());
    let kept = KEPT.lines().filter(|line| !line.starts_with('#'));
    let kept = kept.filter_map(|line| line.split_once(": "));
    let kept = kept.filter(|(flow, _)| *flow == F::NAME);
    let (mut count, until) = (0, Until::set());
    for (_, line) in kept {
        tried.hold::<F>("kept", &line.parse().unwrap()).await;
        count += 1;
    }
    let first = number("FLU_SCHEDULES_FROM", 1);
    for seed in first..first + number("FLU_SCHEDULES", TRIED) {
        if until.is_over() {
            break;
        }
        // Tries after a fault ask for more than a clean run.
        let schedule = Schedule::of(seed, F::EVENTS, tried.requests.len() * 3 / 2);
        let line = schedule.to_string();
        assert_eq!(line.parse(), Ok(schedule.clone()), "a schedule can be kept");
        tried.hold::<F>(&format!("seed {seed}"), &schedule).await;
        count += 1;
    }
    tell(F::NAME, count, since);
}

/// Each request of a clean run, with each of what `usual` gives for its place, or with every fault.
async fn every_request<F: Flow>(at_least: usize, usual: fn(usize) -> Vec<Fault>) {
    let (tried, since) = (Tried::set::<F>().await, Instant::now());
    let requests = tried.requests.len();
    assert!(requests >= at_least, "only {requests} requests");
    let all = (0..requests).flat_map(|request| {
        let faults = if is_whole() {
            Fault::QUICK.to_vec()
        } else {
            usual(request)
        };
        faults.into_iter().map(move |fault| (request, fault))
    });
    let (mut count, until) = (0, Until::set());
    for (request, fault) in from_somewhere(all.collect()) {
        if until.is_over() {
            break;
        }
        let schedule = Schedule::clean(F::EVENTS).with(request, fault);
        tried.hold::<F>("every request", &schedule).await;
        count += 1;
    }
    tell(F::NAME, count, since);
}

/// Lost before and after its effect.
fn lost(_: usize) -> Vec<Fault> {
    vec![Fault::Before, Fault::After]
}

/// One of all in turn, where trying two would take too long.
fn in_turn(request: usize) -> Vec<Fault> {
    vec![Fault::QUICK[request % Fault::QUICK.len()]]
}

#[test]
fn any_schedule_of_faults_ends_like_a_clean_run_of_uploads() {
    run(seeds::<Uploads<3>>());
}

#[test]
fn any_schedule_of_faults_ends_like_a_clean_run_of_icd_files() {
    run(seeds::<IcdFiles>());
}

#[test]
fn any_schedule_of_faults_ends_like_a_clean_run_of_approvals() {
    run(seeds::<Approvals>());
}

#[test]
fn any_schedule_of_faults_ends_like_a_clean_run_of_notices() {
    run(seeds::<Notices>());
}

#[test]
fn any_schedule_of_faults_ends_like_a_clean_run_of_attachments() {
    run(seeds::<Attachments>());
}

#[test]
fn every_request_of_uploads_may_fail() {
    run(every_request::<Uploads<3>>(40, in_turn));
}

#[test]
fn every_request_of_one_upload_may_fail() {
    run(every_request::<Uploads<1>>(15, lost));
}

#[test]
fn every_request_of_icd_files_may_fail() {
    run(every_request::<IcdFiles>(15, lost));
}

#[test]
fn every_request_of_approvals_may_fail() {
    run(every_request::<Approvals>(12, lost));
}

#[test]
fn every_request_of_notices_may_fail() {
    run(every_request::<Notices>(8, lost));
}

#[test]
fn every_request_of_attachments_may_fail() {
    run(every_request::<Attachments>(15, lost));
}

/// Pairs of faults for so many requests of a clean run; the second may hit what the first one led to.
fn pairs(requests: usize) -> Vec<Schedule> {
    let mut pairs = Vec::new();
    for first in 0..requests {
        for second in first + 1..requests * 2 {
            for one in PAIRED {
                for other in PAIRED {
                    let schedule = Schedule::clean(One::EVENTS);
                    pairs.push(schedule.with(first, one).with(second, other));
                }
            }
        }
    }
    pairs
}

/// The smallest file.
type One = Uploads<1>;

/// Two faults on the smallest file. Of many, each core tries its part on servers of its own.
#[test]
fn every_pair_of_requests_of_an_upload_may_fail() {
    let since = Instant::now();
    let wanted = usize::try_from(number("FLU_SCHEDULES_PAIRS", PAIRS)).unwrap();
    let threads = match std::thread::available_parallelism() {
        Ok(cores) if is_whole() || wanted > SEVERAL => cores.get(),
        _ => 1,
    };
    let tried = std::thread::scope(|scope| {
        let parts: Vec<_> = (0..threads)
            .map(|part| scope.spawn(move || part_of_pairs(wanted, (part, threads))))
            .collect();
        let counts = parts.into_iter().map(|part| part.join().unwrap());
        counts.sum()
    });
    tell("pairs", tried, since);
}

/// Tries every so-manieth of the chosen pairs, from `part` on; how many.
fn part_of_pairs(wanted: usize, (part, parts): (usize, usize)) -> usize {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut tried = Tried::set::<One>().await;
        let pairs = from_somewhere(pairs(tried.requests.len()));
        // An odd step, so that each of the faults, which are a power of two, comes up.
        let step = if is_whole() {
            1
        } else {
            (pairs.len() / wanted).max(1) | 1
        };
        let chosen = pairs.iter().step_by(step);
        let (mut count, since, until) = (0, Instant::now(), Until::set());
        for schedule in chosen.skip(part).step_by(parts) {
            if until.is_over() {
                break;
            }
            tried.hold::<One>("pair", schedule).await;
            count += 1;
            if count % RENEWED == 0 {
                tried = Tried::set::<One>().await;
            }
            if count % 1000 == 0 {
                let what = format!("pairs so far of one core, of {}", pairs.len() / parts);
                tell(&what, count, since);
            }
        }
        count
    })
}

/// Items that the table never takes are never told to be done. One delivery finds it so; the sweep comes when it takes them again.
#[test]
fn items_left_over_for_ever_are_not_done() {
    // From the first batch on, which holds pages that readers look at.
    run(async {
        let tried = Tried::set::<One>().await;
        let mut requests = tried.requests.iter();
        let place = requests.position(|name| name == "BatchWriteItem");
        let schedule = Schedule::clean(One::EVENTS).with(place.unwrap(), Fault::Never);
        tried.hold::<One>("as it was found", &schedule).await;
    });
}

/// The place of the request that reads the object, in what one delivery of a clean run asks for.
fn reading(weather: &Weather) -> usize {
    let requests = weather.requests();
    let place = requests.iter().position(|name| name == "GET Objects");
    place.unwrap()
}

#[test]
fn a_bucket_that_fails_for_long_condemns_no_code_file() {
    run(async {
        let stage = Stage::set().await;
        let player = stage.player().await;
        let load = async |weather: &Weather, event: &Value| {
            let loader = stage.loader_over(weather.client()).await;
            load_icd_file::run(&loader, event.clone()).await
        };
        let clear = stage.clear();
        let (_, other) = stage.icd_file(&player, &codes("J10.101")).await;
        load(&clear, &other).await.unwrap();
        let (file, event) = stage.icd_file(&player, &codes("J10.102")).await;
        for _ in 0..12 {
            let weather = stage.weather(BTreeMap::from([(reading(&clear), Fault::Failed)]));
            assert!(load(&weather, &event).await.is_err(), "the bucket fails");
        }
        load(&stage.clear(), &event).await.unwrap();
        let path = format!("/icd-files/{}", file.id);
        let detail = stage.read(&player, &path).await;
        assert_eq!(detail["status"], "in_use", "{detail}");
    });
}

#[test]
fn a_bucket_that_fails_for_long_condemns_no_upload() {
    run(async {
        let stage = Stage::set().await;
        let player = stage.player().await;
        let judge = async |weather: &Weather, event: &Value| {
            let worker = stage.worker_over(weather.client()).await;
            validate_upload::run(&worker, event.clone()).await
        };
        let (clear, bytes) = (stage.clear(), clean("flu", 2, 1));
        let (_, other) = stage.upload(&player, "flu.zip", &bytes).await;
        judge(&clear, &other).await.unwrap();
        let (id, event) = stage.upload(&player, "flu.zip", &bytes).await;
        for _ in 0..32 {
            let weather = stage.weather(BTreeMap::from([(reading(&clear), Fault::Failed)]));
            assert!(judge(&weather, &event).await.is_err(), "the bucket fails");
        }
        judge(&stage.clear(), &event).await.unwrap();
        let detail = stage.read(&player, &format!("/uploads/{id}")).await;
        assert_eq!(detail["status"], "done", "{detail}");
    });
}

/// Every event once, with a fault at the last request of a clean run that asks for this.
async fn last<F: Flow>(request: &str, fault: Fault) {
    let tried = Tried::set::<F>().await;
    let place = tried.requests.iter().rposition(|name| name == request);
    let schedule = Schedule::clean(F::EVENTS).with(place.unwrap(), fault);
    tried.hold::<F>("as it was found", &schedule).await;
}

#[test]
fn the_content_of_an_attachment_is_erased_though_its_deletion_broke_off() {
    run(last::<Attachments>("TransactWriteItems", Fault::After));
}

#[test]
fn a_mail_whose_answer_cannot_be_read_is_uncertain_and_not_given_up() {
    run(last::<Notices>("POST Mail", Fault::Cut));
}

#[test]
fn a_table_that_is_throttled_after_a_message_was_taken_leaves_no_doubt() {
    run(last::<Notices>("PutItem", Fault::Throttled));
}

#[test]
fn a_byte_of_an_attachment_that_turned_on_its_way_is_read_again() {
    run(async {
        let tried = Tried::set::<Attachments>().await;
        let requests = tried.requests.iter().enumerate();
        let reads = requests.filter(|(_, name)| *name == "GET Objects");
        for (place, _) in reads {
            let schedule = Schedule::clean(Attachments::EVENTS).with(place, Fault::Wrong);
            tried
                .hold::<Attachments>("as it was found", &schedule)
                .await;
        }
    });
}

#[test]
fn a_byte_that_turned_on_its_way_spoils_no_archive() {
    run(async {
        let servers = Stage::set().await;
        // Which request reads the content.
        let stage = servers.beside().await;
        let flow = Attachments::set(&stage, &stage.clear()).await;
        assert!(flow.deliver(0).await);
        let clear = stage.clear();
        assert_eq!(flow.archive(&stage, &clear).await, 200);
        let place = reading(&clear);
        let stage = servers.beside().await;
        let flow = Attachments::set(&stage, &stage.clear()).await;
        assert!(flow.deliver(0).await);
        let weather = stage.weather(BTreeMap::from([(place, Fault::Wrong)]));
        let spoilt = flow.archive(&stage, &weather).await;
        assert!(spoilt.is_server_error(), "{spoilt}");
        let clear = stage.clear();
        assert_eq!(flow.archive(&stage, &clear).await, 200);
        assert!(
            clear.requests().iter().any(|name| name == "PUT Objects"),
            "made anew"
        );
    });
}

#[test]
fn an_attachment_that_is_gone_before_it_was_looked_at_is_not_awaited_for_ever() {
    run(async {
        let stage = Stage::set().await;
        let flow = Attachments::set(&stage, &stage.clear()).await;
        flow.lose(&stage).await;
        assert!(flow.deliver(0).await);
        assert_eq!(flow.first(&stage).await, AttachmentState::Checking);
        flow.settle(&stage).await.unwrap();
        let state = flow.first(&stage).await;
        assert!(
            matches!(state, AttachmentState::Refused { .. }),
            "{state:?}"
        );
    });
}

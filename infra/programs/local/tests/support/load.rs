//! Files that arrive at a rate, whatever becomes of those before them, some of them by broken connections; and what came of each.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, mpsc};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::Value;

use super::support::{Answer, Hospital, Machine, Moments, Sample, Ticket};

/// What arrives.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    pub files: usize,
    /// Files a second.
    pub rate: f64,
    /// Records of a file.
    pub rows: u32,
    /// Of a thousand files so many come by a connection that breaks or a request that is made twice.
    pub faults: u64,
    /// Files on their way at the same time; more come late.
    pub threads: usize,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Arrived {
    /// Files the service acknowledged.
    pub stored: usize,
    /// Announcements that were refused because too much came in.
    pub refused: usize,
    /// How long a refusal took, the longest and that of 99 in 100.
    pub refusal: (Duration, Duration),
    /// Announcements that failed otherwise.
    pub failed: usize,
    /// Files that came by a fault.
    pub faults: usize,
    /// Seconds from acknowledgement to result: half of the files, 99 in 100, the longest.
    pub waits: (f64, f64, f64),
    /// All arrivals took so long.
    pub took: Duration,
}

const FAULTS: u64 = 4;

/// Sends the files of `plan`, hospital after hospital, and holds every result against what was sent.
pub fn arrive(machine: &Machine, hospitals: &[Hospital], plan: Plan) -> Arrived {
    let (jobs, next) = mpsc::sync_channel::<usize>(plan.files);
    let next = Mutex::new(next);
    let seen = Mutex::new((Arrived::default(), Vec::new()));
    let began = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..plan.threads {
            scope.spawn(|| {
                loop {
                    let job = next.lock().unwrap().recv();
                    let Ok(job) = job else { return };
                    let mut moments = Moments::of(job as u64 + 1);
                    let fault = (moments.below(1000) < plan.faults).then(|| moments.below(FAULTS));
                    let hospital = &hospitals[job % hospitals.len()];
                    let sample = hospital.next(plan.rows);
                    let asked = Instant::now();
                    let sent = send(machine, hospital, &sample, fault);
                    let mut seen = seen.lock().unwrap();
                    seen.0.faults += usize::from(fault.is_some());
                    match sent {
                        Ok(()) => seen.0.stored += 1,
                        Err(answer) if answer.status == 429 => {
                            assert!(answer.retry_after.is_some(), "when to come again is told");
                            seen.0.refused += 1;
                            seen.1.push(asked.elapsed());
                        }
                        Err(_) => seen.0.failed += 1,
                    }
                }
            });
        }
        for job in 0..plan.files {
            let due = began + Duration::from_secs_f64(job as f64 / plan.rate);
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            jobs.send(job).unwrap();
        }
        drop(jobs);
    });
    let took = began.elapsed();
    let (mut arrived, mut refusals) = seen.into_inner().unwrap();
    arrived.took = took;
    refusals.sort();
    arrived.refusal = (
        refusals.last().copied().unwrap_or_default(),
        part(&refusals, 0.99).unwrap_or_default(),
    );
    let settled: usize = hospitals.iter().map(Hospital::settle).sum();
    assert!(settled >= arrived.stored, "{settled} of {}", arrived.stored);
    arrived.waits = waits(hospitals);
    arrived
}

fn part<T: Copy>(sorted: &[T], share: f64) -> Option<T> {
    let last = sorted.len().checked_sub(1)?;
    sorted.get((last as f64 * share).round() as usize).copied()
}

/// Seconds that results of these hospitals' files took after the acknowledgement: of half, of 99 in 100, the longest.
pub fn waits(hospitals: &[Hospital]) -> (f64, f64, f64) {
    let mut waits = Vec::new();
    for hospital in hospitals {
        let listed = hospital.list();
        for (id, told) in hospital.told.lock().unwrap().iter() {
            if let Some(stored) = told.stored_at {
                let finished = finished(&listed[id]);
                let ago = Timestamp::now().duration_since(finished).as_secs_f64();
                // The result may be there before the client has read that its file was stored.
                waits.push((stored.elapsed().as_secs_f64() - ago).max(0.0));
            }
        }
    }
    waits.sort_by(f64::total_cmp);
    let of = |share| part(&waits, share).unwrap_or_default();
    (of(0.5), of(0.99), of(1.0))
}

/// When an upload had its result.
pub fn finished(upload: &Value) -> Timestamp {
    upload["finished_at"].as_str().unwrap().parse().unwrap()
}

/// Sends one file, with a fault on the way if there is to be one. The answer where it was not taken.
fn send(
    machine: &Machine,
    hospital: &Hospital,
    sample: &Sample,
    fault: Option<u64>,
) -> Result<(), Answer> {
    let ticket = match fault {
        // Asked twice, as when the first answer was lost.
        Some(0) => {
            let key = format!("{}-{}", hospital.number, sample.name);
            let first = hospital.ticket_by(sample, Some(&key))?;
            let second = hospital.ticket_by(sample, Some(&key))?;
            assert_eq!(first.id, second.id, "one ticket for one key");
            second
        }
        // The connection is closed before the answer; nobody knows of that ticket.
        Some(1) => {
            half_a_request(&machine.address("portal"), "POST /api/v1/uploads", &[]);
            hospital.ticket(sample)?
        }
        _ => hospital.ticket(sample)?,
    };
    if fault == Some(2) {
        break_off(&ticket, sample);
    }
    let answer = again(|| hospital.put(&ticket, sample));
    if fault == Some(3) {
        // The store refuses a second object.
        assert_eq!(again(|| hospital.put(&ticket, sample)).status, 412);
    }
    match answer.status {
        200 | 412 => Ok(()),
        _ => Err(answer),
    }
}

/// As any client does where no answer came.
fn again(request: impl Fn() -> Answer) -> Answer {
    let mut answer = request();
    for _ in 0..5 {
        if answer.status != 0 {
            break;
        }
        answer = request();
    }
    answer
}

/// Half of the file, and then nothing.
fn break_off(ticket: &Ticket, sample: &Sample) {
    let url = ticket.url.strip_prefix("http://").unwrap();
    let (authority, path) = url.split_once('/').unwrap();
    let mut head = format!("PUT /{path}");
    for (name, value) in &ticket.headers {
        head.push_str(&format!("\u{0}{name}: {value}"));
    }
    head.push_str(&format!("\u{0}content-length: {}", sample.bytes.len()));
    let half = &sample.bytes[..sample.bytes.len() / 2];
    half_a_request(&format!("http://{authority}"), &head, half);
}

/// `head`: method and path, then headers, divided by NUL.
fn half_a_request(server: &str, head: &str, body: &[u8]) {
    let authority = server.strip_prefix("http://").unwrap();
    let (line, headers) = head.split_once('\u{0}').unwrap_or((head, ""));
    let Ok(mut stream) = TcpStream::connect(authority) else {
        return;
    };
    let headers = headers.replace('\u{0}', "\r\n");
    let _ = write!(
        stream,
        "{line} HTTP/1.1\r\nhost: {authority}\r\n{headers}\r\n\r\n"
    );
    let _ = stream.write_all(body);
    let _ = stream.shutdown(Shutdown::Both);
    let _ = stream.read(&mut [0; 1]);
}

/// One hospital sends as much as it can from several threads until it is told to stop; how often it was refused, and how long 99 in 100
/// of the refusals took at most.
pub fn flood(
    hospital: &Hospital,
    rows: u32,
    threads: usize,
    stop: &AtomicBool,
) -> (usize, Duration) {
    let refusals = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while !stop.load(Ordering::SeqCst) {
                    let sample = hospital.next(rows);
                    let asked = Instant::now();
                    match hospital.ticket(&sample) {
                        Ok(ticket) => {
                            again(|| hospital.put(&ticket, &sample));
                        }
                        Err(answer) if answer.status == 429 => {
                            refusals.lock().unwrap().push(asked.elapsed());
                        }
                        Err(_) => {}
                    }
                }
            });
        }
    });
    let mut refusals = refusals.into_inner().unwrap();
    refusals.sort();
    (refusals.len(), part(&refusals, 0.99).unwrap_or_default())
}

//! Schedules of small services whose database is in memory. The gates are simulated: each statement is held and reported as at a gate.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Mutex,
};

use tokio::sync::mpsc;

use super::*;
use crate::{
    engine::hunt::{
        conductor::{Pace, Profile},
        connections::Connections,
        requests::path,
        search::{Search, SearchStep},
    },
    gate::{
        GateControl, GateKind,
        event::{
            ConnectionId, Content, GateEvent, GateEventKind, Role, SqlStatement, StatementId,
            WireAnswer, WireStatement,
        },
        footprint::{Footprint, Objects},
    },
};

/// The database: the number of coupons.
#[derive(Default)]
struct Database {
    coupons: Mutex<u64>,
}

/// A connection of a small service to its gate.
struct Link {
    control: GateControl,
    id: ConnectionId,
    database: Arc<Database>,
}

impl Link {
    fn open(control: &GateControl, database: &Arc<Database>) -> Self {
        let link = Self {
            control: control.clone(),
            id: ConnectionId::next(),
            database: Arc::clone(database),
        };
        link.report(GateEventKind::Opened);
        link
    }

    fn report(&self, what: GateEventKind) {
        self.control.report(GateEvent {
            gate: GateKind::Postgres,
            connection: self.id,
            what,
        });
    }

    /// Counts the coupons.
    async fn count(&self) -> u64 {
        let before = self.arrive("SELECT count(*) FROM coupon", false).await;
        let count = *self.database.coupons.lock().unwrap();
        self.answer(before, &count.to_string());
        count
    }

    /// Inserts a coupon.
    async fn insert(&self) {
        let before = self.arrive("INSERT INTO coupon", true).await;
        *self.database.coupons.lock().unwrap() += 1;
        self.answer(before, "1 row");
    }

    async fn arrive(&self, text: &str, writes: bool) -> StatementId {
        let table = Objects::Some(BTreeSet::from(["coupon".to_owned()]));
        let (reads, writes) = if writes {
            (Objects::default(), table)
        } else {
            (table, Objects::default())
        };
        let statement = WireStatement {
            kind: GateKind::Postgres,
            content: Content::Sql(vec![SqlStatement {
                text: text.to_owned(),
                parameters: Vec::new(),
            }]),
            role: Role::Data,
            footprint: Footprint { reads, writes },
            traceparent: None,
        };
        let id = StatementId::next();
        let (sender, mut released) = mpsc::unbounded_channel();
        let held = self.control.arrives(id, &sender);
        self.report(GateEventKind::Arrived {
            id,
            statement: Arc::new(statement),
            held,
        });
        if held {
            let _ = released.recv().await;
        }
        id
    }

    fn answer(&self, id: StatementId, text: &str) {
        let answer = WireAnswer {
            text: Some(text.to_owned()),
            ..WireAnswer::default()
        };
        self.report(GateEventKind::Answered { id, answer });
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.report(GateEventKind::Closed);
    }
}

/// A service: one claim for one coupon.
type Service = fn(Arc<Toy>) -> BoxFuture<'static, Outcome>;

/// What the claims of a service share.
struct Toy {
    control: GateControl,
    database: Arc<Database>,
    lock: tokio::sync::Mutex<()>,
    pool: tokio::sync::Mutex<[Link; 2]>,
}

fn count_then_insert(toy: Arc<Toy>) -> BoxFuture<'static, Outcome> {
    Box::pin(async move {
        let link = Link::open(&toy.control, &toy.database);
        if link.count().await >= 1 {
            return Outcome::SoldOut;
        }
        link.insert().await;
        Outcome::Issued
    })
}

fn under_a_lock(toy: Arc<Toy>) -> BoxFuture<'static, Outcome> {
    Box::pin(async move {
        let _lock = toy.lock.lock().await;
        let mut links = toy.pool.lock().await;
        // The next request takes the other connection.
        links.swap(0, 1);
        let link = &links[0];
        if link.count().await >= 1 {
            return Outcome::SoldOut;
        }
        link.insert().await;
        Outcome::Issued
    })
}

fn one_connection(toy: Arc<Toy>) -> BoxFuture<'static, Outcome> {
    Box::pin(async move {
        if toy.pool.lock().await[0].count().await >= 1 {
            return Outcome::SoldOut;
        }
        toy.pool.lock().await[0].insert().await;
        Outcome::Issued
    })
}

fn fan_out(toy: Arc<Toy>) -> BoxFuture<'static, Outcome> {
    Box::pin(async move {
        let one = Link::open(&toy.control, &toy.database);
        let other = Link::open(&toy.control, &toy.database);
        let (count, _) = tokio::join!(one.count(), other.count());
        if count >= 1 {
            return Outcome::SoldOut;
        }
        one.insert().await;
        Outcome::Issued
    })
}

fn in_the_background(toy: Arc<Toy>) -> BoxFuture<'static, Outcome> {
    Box::pin(async move {
        let link = Link::open(&toy.control, &toy.database);
        if link.count().await >= 1 {
            return Outcome::SoldOut;
        }
        tokio::spawn(async move { link.insert().await });
        Outcome::Issued
    })
}

/// The result of a hunt of a service with one coupon.
#[derive(Debug, Default)]
struct Hunted {
    /// The number of coupons of each schedule.
    issued: Vec<u64>,
    /// Whether a request may have waited for the only connection.
    one_connection: bool,
}

async fn hunt(service: Service) -> Result<Hunted, ScheduleError> {
    let (control, events) = GateControl::new();
    let mut conductor = Conductor {
        control: control.clone(),
        events,
        connections: Connections::default(),
        background: BTreeMap::new(),
        monitors: HashMap::new(),
        profile: Profile::default(),
        pace: Pace {
            quiet: Duration::from_millis(100),
            again: Duration::from_millis(20),
            timeout: Duration::from_secs(5),
        },
    };
    let case = HuntCase {
        same_user: false,
        limit: 1,
        given: 0,
    };
    let mut search = Search::default();
    let mut hunted = Hunted::default();
    let database = Arc::new(Database::default());
    let toy = Arc::new(Toy {
        control: control.clone(),
        lock: tokio::sync::Mutex::default(),
        pool: tokio::sync::Mutex::new([0, 1].map(|_| Link::open(&control, &database))),
        database: Arc::clone(&database),
    });
    while let Some(moves) = search.pop() {
        *database.coupons.lock().unwrap() = 0;
        let toy = Arc::clone(&toy);
        let send: Send = Arc::new(move |_, _| service(Arc::clone(&toy)));
        let mut schedule = Schedule::new(&mut conductor, case, send);
        let played = schedule.play(&moves).await;
        schedule.conductor.control.pass();
        played?;
        hunted.one_connection |= schedule.one_connection.is_some();
        let steps = std::mem::take(&mut schedule.steps);
        for contender in Contender::BOTH {
            conductor.profile.learn(&path(&steps, contender));
        }
        search.take(steps.iter().map(SearchStep::from).collect());
        hunted.issued.push(*database.coupons.lock().unwrap());
    }
    Ok(hunted)
}

#[tokio::test(start_paused = true)]
async fn count_then_insert_issues_two_coupons_in_two_of_four_orders() {
    assert_eq!(hunt(count_then_insert).await.unwrap().issued, [1, 2, 1, 2]);
}

#[tokio::test(start_paused = true)]
async fn a_lock_in_the_service_allows_one_request_at_a_time() {
    let issued = hunt(under_a_lock).await.unwrap().issued;
    assert!(issued.iter().all(|issued| *issued == 1), "{issued:?}");
}

#[tokio::test(start_paused = true)]
async fn a_service_with_one_connection_may_wait_for_it() {
    let hunted = hunt(one_connection).await.unwrap();
    assert!(hunted.one_connection, "{hunted:?}");
    let hunted = hunt(under_a_lock).await.unwrap();
    assert!(!hunted.one_connection, "{hunted:?}");
}

#[tokio::test(start_paused = true)]
async fn a_service_with_several_statements_at_a_time_cannot_be_told_apart() {
    let error = hunt(fan_out).await.unwrap_err();
    assert!(
        matches!(&error, ScheduleError::Ambiguous(why) if why.contains("at the same time")),
        "{error:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_service_that_writes_after_its_response_is_not_controllable() {
    let error = hunt(in_the_background).await.unwrap_err();
    assert!(
        matches!(
            &error,
            ScheduleError::NotControllable(_) | ScheduleError::Ambiguous(_)
        ),
        "{error:?}"
    );
}

//! What holding requests back is for: a window of a millisecond is hit.

use futures::future::join_all;

use super::{client, get, naive, post, text};
use crate::adapters::http::{Client, HeldRequest, Version};

const LIMIT: u64 = 10;
const USERS: usize = 100;
const BURSTS: u64 = 100;

#[tokio::test]
async fn a_naive_service_issues_too_many_in_nearly_every_burst() {
    let client = client(naive::start(LIMIT), USERS, Version::Http1).await;
    let mut caught = 0;
    for _ in 0..BURSTS {
        burst(&client).await;
        let issued = client.send(get("/reset")).await.unwrap();
        let issued: u64 = text(&issued).parse().unwrap();
        assert!(issued >= LIMIT);
        caught += u64::from(issued > LIMIT);
    }
    assert!(caught >= 95, "caught in {caught} of {BURSTS} bursts");
}

async fn burst(client: &Client) {
    let requests = (0..USERS).map(|user| post(&user.to_string()));
    let held = join_all(requests.map(|request| client.hold(request))).await;
    let held: Vec<_> = held.into_iter().map(Result::unwrap).collect();
    assert!(held.iter().all(HeldRequest::is_held));
    for answer in join_all(held.into_iter().map(HeldRequest::release)).await {
        answer.unwrap();
    }
}

//! The symmetry of users: a state in which two users have changed places leads to the same states with changed names. The search
//! examines one of all such states.

use rustc_hash::FxHashMap;

use super::{
    layout::Role,
    sim::call::{user_id, user_index},
    world::{State, World},
};
use crate::ports::UserId;

/// The renamings so far, by number.
#[derive(Default)]
pub struct Symmetry {
    names: FxHashMap<u32, Vec<(String, String)>>,
}

impl Symmetry {
    /// The representative of all states that differ from this state only by the users' names.
    pub fn representative(&mut self, world: &mut World, state: &State) -> State {
        let layout = world.layout;
        let order = order(world, state);
        if order.iter().enumerate().all(|(index, user)| index == *user) {
            return *state;
        }
        let mut place = vec![0; layout.users];
        for (index, user) in order.iter().enumerate() {
            place[*user] = index;
        }
        self.rename(world, state, &place)
    }

    /// The state with the users renamed: user `index` becomes user `place[index]`.
    fn rename(&mut self, world: &mut World, state: &State, place: &[usize]) -> State {
        let layout = world.layout;
        let code = place.iter().fold(0, |code: u32, index| {
            code * 16 + u32::try_from(*index).unwrap_or(0) + 1
        });
        let task = |task: usize| match layout.role_of_any(task) {
            Some(Role::Claim { user, attempt }) => place[user] * layout.attempts + attempt,
            _ => task,
        };
        let user = |id: UserId| match user_index(id) {
            Some(index) if index < place.len() => user_id(place[index]),
            _ => id,
        };
        let names = self.names.entry(code).or_insert_with(|| {
            let pairs = place.iter().enumerate();
            pairs
                .map(|(from, to)| (user_id(from).to_string(), user_id(*to).to_string()))
                .collect()
        });
        let mut renamed = state.rearranged(task);
        let owner = |owner: u8| u8::try_from(task(owner.into())).unwrap_or(owner);
        let database = world.database(state).renamed(user, owner);
        renamed.database = world.databases.put(database);
        let topic = world.topic(state).renamed(user);
        renamed.topic = world.topics.put(topic);
        renamed.cache = world.cache.rename(state.cache, code, names);
        if let Some(consumer) = layout.consumer() {
            let node = state.slots[consumer].node;
            renamed.slots[consumer].node = world.memo.rename(node, code, &user);
        }
        renamed
    }
}

/// The users in the order in which the representative numbers them. The content of the services decides among users with equal
/// tasks. Where the content does not decide, the search may keep two equivalent states, which only costs time.
fn order(world: &World, state: &State) -> Vec<usize> {
    let layout = world.layout;
    let mut order: Vec<usize> = (0..layout.users).collect();
    for first in 0..layout.instances.min(layout.users) {
        let mut alike: Vec<usize> = (first..layout.users)
            .filter(|user| layout.alike(first, *user))
            .collect();
        let places = alike.clone();
        alike.sort_by(|one, other| compare(world, state, *one, *other));
        for (place, user) in places.into_iter().zip(alike) {
            order[place] = user;
        }
    }
    order
}

fn compare(world: &World, state: &State, one: usize, other: usize) -> std::cmp::Ordering {
    let slots = |user: usize| &state.slots[world.layout.of_user(user)];
    let by_slots = slots(other).cmp(slots(one));
    if by_slots.is_ne() || slots(one).iter().all(|slot| !slot.started) {
        return by_slots;
    }
    let ranks = |user: usize| {
        let id = user_id(user);
        (
            world.database(state).rank(id),
            world.topic(state).rank(id),
            world.cache.get(state.cache).rank(&id.to_string()),
        )
    };
    ranks(one).cmp(&ranks(other))
}

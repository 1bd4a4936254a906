//! What more of would give a lab larger runs: parts of its chips, by what each wants.

use super::super::fleet::{FleetOutputs, sum};
use super::precision::Worth;
use crate::math::wide::{Lanes, Mask};

/// A part of a lab's working chips.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Portion {
    /// Throughput less what slow links lose \[FLOP/s\].
    pub(super) useful: Lanes,
    /// Chips.
    pub(super) count: Lanes,
}

impl std::ops::AddAssign for Portion {
    #[inline(always)]
    fn add_assign(&mut self, more: Self) {
        self.useful += more.useful;
        self.count += more.count;
    }
}

/// Parts of a lab's chips: more of which causes would enlarge each.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lack {
    /// All of them.
    pub(super) all: Portion,
    /// What a percent more chips would add, over a percent: all where none wait, else what power does not add.
    pub(super) chips: Portion,
    /// What a percent more power would add, over a percent, where some wait: more power.
    pub(super) power: Portion,
    /// Rented, where more is offered: more money for rent.
    pub(super) rent: Portion,
    /// What that would add and rules on remote access bar.
    pub(super) barred: Portion,
    /// Whether rules bar more of something that is there: of a lab without chips nothing else tells.
    pub(super) turned_away: Mask,
}

impl Default for Lack {
    fn default() -> Self {
        let none = Portion::default();
        let turned_away = Mask::splat(false);
        Self { all: none, chips: none, power: none, rent: none, barred: none, turned_away }
    }
}

impl Lack {
    /// By what share a run would grow per share that each part does: chips, power, rent, what rules bar of it \[1\].
    ///
    /// A run grows with useful chips and loses `crowding` (an exponent) with their count.
    #[inline(always)]
    pub(super) fn gains(&self, crowding: Lanes) -> [Lanes; 4] {
        [self.chips, self.power, self.rent, self.barred]
            .map(|part| part.useful.per(self.all.useful) - crowding * part.count.per(self.all.count))
    }

    /// Adds what a lab uses of a buyer's chips by link `i`, which are `worth` that much to it.
    #[inline(always)]
    pub(super) fn note(&mut self, fleet: &FleetOutputs, b: usize, i: usize, worth: Worth) {
        let working = &fleet.working[b];
        let used = fleet.used[i];
        let rented = fleet.rented[i].per(working[sum::H100E]).min(used);
        let paid = fleet.rationed[b].select(Lanes::ZERO, rented);
        let portion =
            |share: Lanes| Portion { useful: share * worth.useful, count: share * working[sum::CHIPS] };
        let useful = (used - paid) * worth.more_power;
        let count = (used - paid) * fleet.more_power[b][1];
        self.all += portion(used);
        self.power += Portion { useful, count };
        // A percent more of chips and of power together is a percent more of all: what power does not give, chips do.
        let own = portion(used - paid);
        self.chips += Portion { useful: own.useful - useful, count: own.count - count };
        let answers = fleet.rent_answers[i];
        self.rent += portion(paid * answers);
        self.barred += portion(paid * (1.0 - answers));
        let barred = answers.lt(Lanes::ONE) & working[sum::H100E].gt(Lanes::ZERO);
        self.turned_away = self.turned_away | (barred & !fleet.rationed[b]);
    }

    /// The same of a share of the chips.
    #[inline(always)]
    pub(super) fn of_share(self, share: Lanes) -> Self {
        let part = |x: Portion| Portion { useful: x.useful * share, count: x.count * share };
        Self {
            all: part(self.all),
            chips: part(self.chips),
            power: part(self.power),
            rent: part(self.rent),
            barred: part(self.barred),
            turned_away: self.turned_away,
        }
    }
}

//! Rental: what labs ask of clouds with the money that they have, what clouds offer, and what an hour costs.

use super::controls::ControlOutputs;
use super::fleet::{FleetOutputs, sum};
use crate::inputs::Inputs;
use crate::math::List;
use crate::math::wide::Lanes;
use crate::model::time::DAYS_PER_QUARTER;
use crate::plan::Plan;

/// Less than this part of funds is rounding, and none.
const ROUNDING: f64 = 1e-9;
/// Hours of a quarter.
pub(crate) const HOURS: f64 = 24.0 * DAYS_PER_QUARTER;

/// What renting leaves to the next quarter.
#[derive(Clone, Debug)]
pub struct RentalState {
    /// Paid for rent since the start, by lab \[USD\].
    pub paid: List<Lanes>,
    /// What all labs asked of clouds in the last quarter, as far as rules let them \[H100e\].
    pub asked: Lanes,
    /// What all clouds offered \[H100e\].
    pub offered: Lanes,
}

/// The step: a part of that of fleets.
pub(crate) struct Rental<'a> {
    pub state: &'a mut RentalState,
    pub out: &'a mut FleetOutputs,
}

impl RentalState {
    /// Nothing rented yet.
    pub fn new(plan: &Plan) -> Self {
        Self { paid: List::of(Lanes::ZERO, plan.model.labs.len()), asked: Lanes::ZERO, offered: Lanes::ZERO }
    }

    /// Takes over what was paid and asked so far.
    pub(crate) fn adopt(&mut self, from: &Self) {
        self.clone_from(from);
    }

    /// Before the first quarter.
    pub(crate) fn reset(&mut self) {
        self.paid.fill(Lanes::ZERO);
        (self.asked, self.offered) = (Lanes::ZERO, Lanes::ZERO);
    }

    /// Price of an hour in quarter `t`, by what was asked and offered in the last \[USD/H100e-hour\].
    #[inline(always)]
    fn price(&self, plan: &Plan, inputs: &Inputs, t: usize) -> Lanes {
        let rental = &plan.model.rental;
        let price = inputs.at(rental.price, t);
        let exponent = inputs.value(rental.scarcity);
        if exponent == Lanes::ZERO {
            return price;
        }
        let most = inputs.value(rental.scarcity_max);
        let balanced = inputs.at(rental.balance, t) * self.offered;
        let scarce = balanced.gt(Lanes::ZERO).select(self.asked.per(balanced), Lanes::ONE);
        price * scarce.max(most.recip()).min(most).pow(exponent)
    }
}

impl Rental<'_> {
    /// Rentals of quarter `t` and every lab's part of every buyer's chips.
    #[inline(always)]
    pub(crate) fn step(&mut self, plan: &Plan, inputs: &Inputs, controls: &ControlOutputs, t: usize) {
        let price = self.state.price(plan, inputs, t);
        self.out.rent_price = price;
        for (l, lab) in plan.model.labs.iter().enumerate() {
            let links = plan.usage.of_lab[l].clone();
            let weights = links.clone().filter_map(|i| plan.usage.links[i].weight);
            let total = Lanes::total(weights.map(|q| inputs.value(q)));
            let mut money = lab.rent_budget.map_or(Lanes::ZERO, |q| inputs.at(q, t));
            if let Some(funds) = lab.funds {
                let has = inputs.at(funds, t);
                let left = has - self.state.paid[l];
                money = money.min(left.gt(has * ROUNDING).select(left, Lanes::ZERO));
            }
            for i in links {
                let link = &plan.usage.links[i];
                let Some(weight) = link.weight else {
                    self.out.rented[i] = Lanes::ZERO;
                    continue;
                };
                let want = money / (price * HOURS) * inputs.value(weight).per(total);
                let permitted = controls.permitted_now(link.remote);
                let above = plan.rules.rental_floor(link.remote, inputs);
                let rented = want.min(above) + permitted * (want - above).max(0.0);
                self.out.rented[i] = rented;
                self.out.rent_answers[i] = want.gt(above).select((permitted * want).per(rented), Lanes::ONE);
            }
        }
        (self.state.asked, self.state.offered) = (Lanes::ZERO, Lanes::ZERO);
        for (b, buyer) in plan.model.buyers.iter().enumerate() {
            let h100e = self.out.working[b][sum::H100E];
            let offer = buyer.rents.map_or(Lanes::ZERO, |q| inputs.at(q, t)) * h100e;
            let links = &plan.usage.of_buyer[b];
            let asked = Lanes::total(links.iter().map(|&i| self.out.rented[i]));
            self.state.asked += asked;
            self.state.offered += offer;
            let scale = asked.gt(offer).select(offer.per(asked), Lanes::ONE);
            self.out.rationed[b] = asked.gt(offer);
            let mut total = Lanes::ZERO;
            for &i in links {
                self.out.rented[i] *= scale;
                let own = plan.usage.links[i].own.map_or(Lanes::ZERO, |q| inputs.value(q));
                self.out.used[i] = own + self.out.rented[i].per(h100e);
                total += self.out.used[i];
            }
            self.out.rationed[b] = self.out.rationed[b] | total.gt(Lanes::ONE);
            let fit = total.gt(Lanes::ONE).select(total.recip(), Lanes::ONE);
            for &i in links {
                self.out.used[i] *= fit;
                self.out.rented[i] *= fit;
            }
        }
        for l in 0..plan.model.labs.len() {
            let links = plan.usage.of_lab[l].clone();
            let rented = Lanes::total(links.map(|i| self.out.rented[i]));
            self.out.rent_paid[l] = rented * price * HOURS;
            self.state.paid[l] += self.out.rent_paid[l];
        }
    }
}

//! The results as Markdown.

use super::SocketResult;
use super::peers::Kind;
use crate::stats::{Latencies, as_f64, median, paired};
use crate::table::{Table, aim, at_most, middle_fine, middle_whole, whole};

impl SocketResult {
    /// The results as Markdown.
    pub fn markdown(&self) -> String {
        let plan = &self.plan;
        let count = |value: usize| whole(as_f64(value as u64));
        let mut text = format!(
            "## Sockets\n\nWhat is measured has one core, the driver the other. `souk-socketio` alone and Node's `socket.io` 4.8 (`peer-node`) say \
             the same to the same client (raw WebSocket frames), and take turns in every round, each time as a new process; `souk serve` is the \
             release binary with its default options but `--rate-limits off`. *Memory* is what the process grew by for each of {} sockets, with \
             what it has for them in use (Node's after a collection of garbage); those of the shop are signed in and follow a stream. *Fan-out* is \
             messages of 200 bytes that reached {} sockets, a second; those of the shop are entries that staff post, durable before they are sent, \
             in their own form. *Acks* are asked for by {} clients that each wait for the last one.\n\n",
            count(plan.idle_sockets),
            count(plan.fan_out_sockets),
            count(plan.ack_clients),
        );
        text.push_str(self.rates_table().markdown());
        text.push_str(&format!(
            "\nHow long it takes in the shop. Messages are posted at {} a second to {} sockets that follow the stream, orders placed at {} a \
             second; latencies count from when it was to be sent. *Seen* counts from the 201 of an order, one order at a time.\n\n",
            plan.messages_a_second,
            count(plan.fan_out_sockets),
            plan.orders_a_second,
        ));
        text.push_str(self.latency_table().markdown());
        text.push('\n');
        text.push_str(&self.aims());
        text
    }

    fn rates_table(&self) -> Table {
        let mut table = Table::new(&[
            "who",
            "bytes / idle socket",
            "fan-out, messages/s",
            "core in use meanwhile",
            "acks/s",
        ]);
        let percent = |parts: &[f64]| format!("{:.0} %", median(parts.iter().copied()) * 100.0);
        for (kind, side) in Kind::ALL.iter().zip(&self.sides) {
            table.row([
                kind.name().to_owned(),
                middle_whole(&side.idle_bytes),
                middle_whole(&side.fan_out),
                percent(&side.busy),
                middle_whole(&side.acks),
            ]);
        }
        let [bare, node] = &self.sides;
        table.row([
            "the first against the second".to_owned(),
            middle_fine(&paired(&bare.idle_bytes, &node.idle_bytes)),
            middle_fine(&paired(&bare.fan_out, &node.fan_out)),
            String::new(),
            middle_fine(&paired(&bare.acks, &node.acks)),
        ]);
        table.row([
            "`souk serve`".to_owned(),
            middle_whole(&self.whole.idle_bytes),
            middle_whole(&self.whole.fan_out),
            percent(&self.whole.busy),
            String::new(),
        ]);
        table
    }

    fn latency_table(&self) -> Table {
        let mut table = Table::new(&["what", "p50 ms", "p99 ms", "max ms"]);
        let it = &self.whole;
        let rows: [(&str, &Latencies); 5] = [
            ("staff's entry of an order, after its 201", &it.order_seen),
            ("a message until the last socket has it", &it.last_reached),
            ("placing an order, with no messages", &it.orders_alone),
            ("placing an order, beside the messages", &it.orders_beside),
            (
                "placing an order, beside messages as fast as can be",
                &it.orders_under_all,
            ),
        ];
        for (what, latencies) in rows {
            let at = |part| format!("{:.1}", latencies.millis_at(part));
            table.row([what.to_owned(), at(0.5), at(0.99), at(1.0)]);
        }
        table
    }

    fn aims(&self) -> String {
        let [bare, node] = &self.sides;
        let middle = |values: &[f64]| median(values.iter().copied());
        let ratio = |above: &[f64], below: &[f64]| median(paired(above, below));
        [
            at_most(
                "bytes for each idle socket, the library",
                4_400.0,
                middle(&bare.idle_bytes),
            ),
            at_most(
                "bytes for each idle socket, the shop (gate)",
                10_000.0,
                middle(&self.whole.idle_bytes),
            ),
            aim(
                "fan-out against Node's",
                7.0,
                ratio(&bare.fan_out, &node.fan_out),
            ),
            aim("acks against Node's", 2.0, ratio(&bare.acks, &node.acks)),
            at_most(
                "ms until staff have the entry of an order, p50",
                50.0,
                self.whole.order_seen.millis_at(0.5),
            ),
            at_most(
                "ms until the last socket has a message, p99",
                100.0,
                self.whole.last_reached.millis_at(0.99),
            ),
        ]
        .concat()
    }
}

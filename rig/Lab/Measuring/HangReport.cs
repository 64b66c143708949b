using System.Globalization;
using Lab.Mmu;

namespace Lab.Application.Measuring;

/// <summary>Why nothing moves: who stands still, what each actor waits for, and the last events.</summary>
/// <param name="Stuck">Actors that did not move for the watchdog's time.</param>
/// <param name="Limit">The watchdog's time.</param>
/// <param name="Waits">One line per actor: what it waits for and since when, or that it runs.</param>
/// <param name="Events">The last events of all actors, oldest first.</param>
public sealed record HangReport(
    IReadOnlyList<string> Stuck, TimeSpan Limit, IReadOnlyList<string> Waits, IReadOnlyList<AttributedEvent> Events)
{
    private const int EventsShown = 30;

    /// <summary>How long an actor that does not wait is looked at, to tell one that tries again and again from one that is off
    /// its path.</summary>
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);

    public static HangReport Take(IReadOnlyList<string> stuck, TimeSpan limit)
    {
        List<(Actor Actor, long Resolved, long Retried)> before =
            [.. Actor.All().Where(actor => actor != Actor.Current)
                .Select(actor => (actor, actor.Counters.FaultsFixed, actor.Counters.FaultsRetried))];
        Thread.Sleep(Look);
        long now = default(Metal).Timestamp();
        List<string> waits = [.. before.Select(one => Doing(one.Actor, one.Resolved, one.Retried, now))];
        IReadOnlyList<AttributedEvent> events = Oracle.History(0);
        return new HangReport(stuck, limit, waits, [.. events.TakeLast(EventsShown)]);
    }

    private static string Doing(Actor actor, long resolvedBefore, long retriedBefore, long now)
    {
        if (actor.WaitingFor is { } what) return string.Create(CultureInfo.InvariantCulture,
            $"{actor.Name} has waited for {what} for {(now - actor.WaitingSince) / 1e9:0.0} s");
        long retried = actor.Counters.FaultsRetried - retriedBefore, resolved = actor.Counters.FaultsFixed - resolvedBefore;
        return retried == 0
            ? $"{actor.Name} runs"
            : $"{actor.Name} waits for a memslot update or a notifier: its fault was retried {retried} times in "
                + $"{Look.TotalMilliseconds:0} ms, {resolved} resolved";
    }

    public IEnumerable<string> Lines()
    {
        yield return string.Create(CultureInfo.InvariantCulture,
            $"nothing moved for {Limit.TotalSeconds:0.#} s: {string.Join(", ", Stuck)}");
        foreach (string wait in Waits) yield return "  " + wait;
        yield return "last events:";
        foreach (AttributedEvent one in Events) yield return "  " + MmuEventText.Line(one, Events[0].Event.Time);
    }
}

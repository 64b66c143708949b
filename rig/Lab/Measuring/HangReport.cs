using System.Globalization;
using Lab.Measure;
using Lab.Mmu;

namespace Lab.Application.Measuring;

/// <summary>Why nothing moves: who stands still and in which phase, where each actor and each thread is, and the last
/// events.</summary>
/// <param name="Found">What the watchdog found.</param>
/// <param name="Waits">One line per actor: what it waits for and since when, or that it runs.</param>
/// <param name="Events">The last events of all actors, oldest first.</param>
public sealed record HangReport(Standstill Found, IReadOnlyList<string> Waits, IReadOnlyList<AttributedEvent> Events)
{
    private const int EventsShown = 30;

    /// <summary>How long an actor that does not wait is looked at, to tell one that tries again and again from one that is off
    /// its path.</summary>
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);

    /// <summary>It was given up for want of cores, which is no fault of the strategy.</summary>
    public bool IsStarved => Found.IsStarved;

    public static HangReport Take(Standstill found)
    {
        List<(Actor Actor, long Resolved, long Retried)> before =
            [.. Actor.All().Where(actor => actor != Actor.Current)
                .Select(actor => (actor, actor.Counters.FaultsFixed, actor.Counters.FaultsRetried))];
        Thread.Sleep(Look);
        long now = default(Metal).Timestamp();
        List<string> waits = [.. before.Select(one => Doing(one.Actor, one.Resolved, one.Retried, now))];
        IReadOnlyList<AttributedEvent> events = Oracle.History(0);
        return new HangReport(found, waits, [.. events.TakeLast(EventsShown)]);
    }

    /// <summary>As a line that scripts may look for: who on what, and when.</summary>
    public string Headline(string strategy, string workload) =>
        $"{(IsStarved ? "STARVED" : "HUNG")} {strategy} on {workload}, in the {Found.Phase}:";

    /// <summary>The same of a run that only rehearses.</summary>
    public HangReport InRehearsal() => this with { Found = Found with { Phase = $"{Found.Phase} of its rehearsal" } };

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
        yield return Found.What;
        foreach (string line in (IEnumerable<string>)[.. Found.Places, .. Waits, .. Found.Threads]) yield return "  " + line;
        yield return "last events:";
        foreach (AttributedEvent one in Events) yield return "  " + MmuEventText.Line(one, Events[0].Event.Time);
    }
}

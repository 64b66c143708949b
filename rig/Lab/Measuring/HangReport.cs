using System.Globalization;
using Lab.Mmu;

namespace Lab.Application.Measuring;

/// <summary>Why nothing moves: who stands still, what each actor waits for, and the last events.</summary>
/// <param name="Stuck">Actors that did not move for the watchdog's time.</param>
/// <param name="Limit">The watchdog's time.</param>
/// <param name="Waits">One line per actor: what it waits for and since when, or that it runs.</param>
/// <param name="Events">The last events of all actors, oldest first.</param>
public sealed record HangReport(IReadOnlyList<string> Stuck, TimeSpan Limit, IReadOnlyList<string> Waits, IReadOnlyList<AttributedEvent> Events)
{
    private const int EventsShown = 30;

    /// <summary>How long an actor that does not wait is looked at, to tell one that tries again and again from one that is off its path.</summary>
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);

    public static HangReport Take(IReadOnlyList<string> stuck, TimeSpan limit)
    {
        List<(Actor Actor, long Resolved, long Retried)> before =
            [.. Actor.All().Where(actor => actor != Actor.Current).Select(actor => (actor, actor.Counters.FaultsFixed, actor.Counters.FaultsRetried))];
        Thread.Sleep(Look);
        long now = default(Metal).Timestamp();
        List<string> waits = [.. before.Select(one => Doing(one.Actor, one.Resolved, one.Retried, now))];
        IReadOnlyList<AttributedEvent> events = Oracle.History(0);
        return new HangReport(stuck, limit, waits, [.. events.TakeLast(EventsShown)]);
    }

    private static string Doing(Actor actor, long resolvedBefore, long retriedBefore, long now)
    {
        if (actor.WaitingFor is { } what)
            return string.Create(CultureInfo.InvariantCulture, $"{actor.Name} has waited for {what} for {(now - actor.WaitingSince) / 1e9:0.0} s");
        long retried = actor.Counters.FaultsRetried - retriedBefore, resolved = actor.Counters.FaultsFixed - resolvedBefore;
        return retried == 0
            ? $"{actor.Name} runs"
            : $"{actor.Name} waits for a memslot update or a notifier: its fault was retried {retried} times in {Look.TotalMilliseconds:0} ms, {resolved} resolved";
    }

    public IEnumerable<string> Lines()
    {
        yield return string.Create(CultureInfo.InvariantCulture, $"nothing moved for {Limit.TotalSeconds:0.#} s: {string.Join(", ", Stuck)}");
        foreach (string wait in Waits) yield return "  " + wait;
        yield return "last events:";
        foreach (AttributedEvent one in Events) yield return "  " + EventText.Line(one, Events[0].Event.Time);
    }
}

/// <summary>Events in words, for the terminal and the results.</summary>
public static class EventText
{
    public static string Line(AttributedEvent one, long origin) =>
        string.Create(CultureInfo.InvariantCulture, $"{(one.Event.Time - origin) / 1e3,10:0.0} us  {one.Actor,-12} {Name(one.Event.Kind),-14} {Root(one.Event)}{Detail(one.Event)}");

    /// <summary>The event's name as the kernel's tracepoints spell such names.</summary>
    public static string Name(MmuEventKind kind) =>
        kind switch
        {
            MmuEventKind.RootLoad => "load_root",
            MmuEventKind.GetPage => "get_page",
            MmuEventKind.Get => "get",
            MmuEventKind.Put => "put",
            MmuEventKind.ZapAllFast => "zap_all_fast",
            MmuEventKind.InvalidateAll => "invalidate_all",
            MmuEventKind.Invalidate => "invalidate",
            MmuEventKind.Queue => "queue",
            MmuEventKind.ExecuteStart => "execute_start",
            MmuEventKind.ExecuteEnd => "execute_end",
            MmuEventKind.FlushStart => "flush",
            MmuEventKind.FlushEnd => "flushed",
            MmuEventKind.ZapRoot => "zap_root",
            MmuEventKind.ZapPage => "zap_page",
            MmuEventKind.FlushTlb => "flush_tlb",
            MmuEventKind.Unlink => "unlink",
            MmuEventKind.FreeRoot => "free_root",
            MmuEventKind.UpdateStart => "update",
            MmuEventKind.UpdateEnd => "updated",
            MmuEventKind.DestroyStart => "destroy",
            MmuEventKind.DestroyEnd => "destroyed",
            MmuEventKind.Violation => "VIOLATION",
            _ => "none",
        };

    public static string Root(MmuEvent one) => one.RootId == 0 ? "" : $"root#{one.RootId}";

    public static string Detail(MmuEvent one) =>
        one.Kind switch
        {
            MmuEventKind.Get or MmuEventKind.Put => $" count {one.RefCount}{(one.Invalid ? ", invalid" : "")}",
            MmuEventKind.RootLoad or MmuEventKind.Invalidate or MmuEventKind.Queue or MmuEventKind.Unlink => $" count {one.RefCount}",
            MmuEventKind.GetPage or MmuEventKind.ZapPage => $" level {one.Level} gfn 0x{one.Detail:x}",
            MmuEventKind.ZapRoot => one.Level == 0 ? $" count {one.RefCount}, all levels" : $" count {one.RefCount}, level {one.Level}",
            MmuEventKind.UpdateStart or MmuEventKind.UpdateEnd => $"slot {one.Detail}",
            _ => "",
        };
}

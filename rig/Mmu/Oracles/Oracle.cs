namespace Lab.Mmu;

/// <summary>An event together with the actor that recorded it.</summary>
public readonly record struct AttributedEvent(string Actor, MmuEvent Event);

/// <summary>A broken promise: which invariant of the reference, what was seen, and what led to it.</summary>
/// <param name="Invariant">Its <see cref="Mmu.Invariant.Number"/>.</param>
/// <param name="Claim">Its sentence.</param>
/// <param name="What">What was seen, with its numbers.</param>
/// <param name="RootId">The root concerned, or zero.</param>
/// <param name="Time">As of <see cref="MmuEvent"/>.</param>
/// <param name="Events">The last events of that root by all actors, oldest first.</param>
public sealed record Violation(
    string Invariant, string Claim, string What, ulong RootId, long Time, IReadOnlyList<AttributedEvent> Events);

/// <summary>Collects violations while a VM runs on the machine. Any thread may report; reporting may allocate, because the run is
/// over anyway.</summary>
public sealed class Oracle(IMachine machine)
{
    private const int KeptMax = 32;
    private const int EventsPerViolationMax = 60;

    /// <summary>How many of those may be milestones without a root.</summary>
    private const int MilestonesMax = 20;

    private readonly List<Violation> _violations = [];
    private readonly Lock _lock = new();
    private int _count;

    /// <summary>Violations seen, including those beyond the ones kept.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>True once anything was reported: actors should stop, the VM is not to be trusted (kernel: vm_bugged).</summary>
    public bool IsBugged => Count != 0;

    public IReadOnlyList<Violation> Violations
    {
        get { lock (_lock) return [.. _violations]; }
    }

    public void Report(Invariant invariant, string what, ulong rootId)
    {
        machine.Record(MmuEventKind.Violation, rootId);
        long now = machine.Timestamp();
        Interlocked.Increment(ref _count);
        lock (_lock)
        {
            if (_violations.Count >= KeptMax) return;
            _violations.Add(new Violation(invariant.Number, invariant.Sentence, what, rootId, now, History(rootId)));
        }
    }

    /// <summary>Events without a root that place the others: where an update, a fast zap or the tear-down stood.</summary>
    private static bool IsMilestone(MmuEventKind kind) =>
        kind is MmuEventKind.UpdateStart or MmuEventKind.UpdateEnd or MmuEventKind.ZapAllFast or MmuEventKind.InvalidateAll
            or MmuEventKind.ZapInvalidatedStart or MmuEventKind.ZapInvalidatedEnd or MmuEventKind.DestroyStart
            or MmuEventKind.DestroyEnd;

    /// <summary>The last events that concern the root (all roots if zero), of all actors, oldest first, and the last milestones.
    /// The root's own come first when room is short: a root that was leaked long ago lies before any number of updates.</summary>
    public static IReadOnlyList<AttributedEvent> History(ulong rootId)
    {
        List<AttributedEvent> own = [];
        List<AttributedEvent> milestones = [];
        foreach (Actor actor in Actor.All())
        {
            foreach (MmuEvent one in actor.Events.Snapshot())
            {
                if (rootId == 0 || one.RootId == rootId) own.Add(new AttributedEvent(actor.Name, one));
                else if (IsMilestone(one.Kind)) milestones.Add(new AttributedEvent(actor.Name, one));
            }
        }
        // Capped apart: the updates since, or those of other VMs, must not crowd out what happened to the root.
        return
        [
            .. Newest(own, EventsPerViolationMax - (rootId == 0 ? 0 : MilestonesMax)).Concat(Newest(milestones, MilestonesMax))
                .OrderBy(one => one.Event.Time),
        ];
    }

    private static IEnumerable<AttributedEvent> Newest(List<AttributedEvent> events, int count)
    {
        events.Sort(static (left, right) => left.Event.Time.CompareTo(right.Event.Time));
        return events.TakeLast(count);
    }
}

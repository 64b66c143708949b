namespace Lab.Application.Conformance;

/// <summary>The orders between parts that every kernel's trace keeps and that comparing part by part does not see. Each rule
/// yields what breaks it, with the line.</summary>
internal static class CausalOrder
{
    private static readonly Func<IReadOnlyList<Sourced>, IEnumerable<string>>[] Rules =
    [
        QueueThenStartThenEnd, EveryItemEndsBeforeFlushed, InvalidateBeforeZap, ZapBeforePut, MadeBeforeUsed, VcpuStaysOnItsRoot,
    ];

    /// <summary>What is out of order; empty if nothing is.</summary>
    public static IReadOnlyList<string> Check(History history) =>
        [.. Rules.SelectMany(rule => rule(history.Events)).Select(what => $"{history.Name}:{what}")];

    /// <summary>One worker and items in the order of the queue: item by item, queue, execute_start, execute_end.</summary>
    private static IEnumerable<string> QueueThenStartThenEnd(IReadOnlyList<Sourced> events)
    {
        int queued = 0, started = 0, ended = 0;
        foreach (Sourced one in events)
        {
            if (one.Event.Verb == Verb.Queue) queued++;
            if (one.Event.Verb == Verb.ExecuteStart && ++started > queued)
            {
                yield return $"{one.Line}: an item starts before it is queued";
            }
            if (one.Event.Verb == Verb.ExecuteEnd && ++ended > started) yield return $"{one.Line}: an item ends before it starts";
        }
    }

    /// <summary>A fast zap is over only when the worker has done what the fast zap queued.</summary>
    private static IEnumerable<string> EveryItemEndsBeforeFlushed(IReadOnlyList<Sourced> events)
    {
        int pending = 0;
        foreach (Sourced one in events)
        {
            if (one.Event.Verb == Verb.Queue) pending++;
            if (one.Event.Verb == Verb.ExecuteEnd) pending--;
            if (one.Event.Verb == Verb.Flushed && pending > 0)
            {
                yield return $"{one.Line}: the fast zap is over and {pending} items are not";
            }
        }
    }

    /// <summary>During a delete no root is zapped before all are invalid.</summary>
    private static IEnumerable<string> InvalidateBeforeZap(IReadOnlyList<Sourced> events)
    {
        foreach (IGrouping<string, Sourced> phase in Deletes(events))
        {
            bool invalidated = false;
            foreach (Sourced one in phase)
            {
                invalidated |= one.Event.Verb == Verb.InvalidateAll;
                if (!invalidated && one.Event.Verb is Verb.Zap or Verb.ZapPage)
                {
                    yield return $"{one.Line}: {one.Event} before the roots are invalid";
                }
            }
        }
    }

    /// <summary>Who zaps a root puts it only afterwards. A root that was zapped while it was valid is zapped and put once more
    /// when it is not.</summary>
    private static IEnumerable<string> ZapBeforePut(IReadOnlyList<Sourced> events)
    {
        foreach (IGrouping<(string, Part, int?), Sourced> one in events.GroupBy(
            one => (one.Event.Phase, one.Event.Part, one.Event.Root)))
        {
            bool put = false, invalid = false;
            foreach (Sourced step in one)
            {
                if (step.Event.Invalid == true && !invalid) (put, invalid) = (false, true);
                put |= step.Event.Verb == Verb.Put;
                if (put && step.Event.Verb is Verb.Zap or Verb.ZapPage) yield return $"{step.Line}: {step.Event} after the put";
            }
        }
    }

    /// <summary>A root is made before it is loaded, a table before it is zapped.</summary>
    private static IEnumerable<string> MadeBeforeUsed(IReadOnlyList<Sourced> events)
    {
        HashSet<(int? Root, int? Level, ulong? Gfn)> made = [];
        foreach (Sourced one in events)
        {
            NormalEvent step = one.Event;
            if (step.Verb == Verb.GetPage) made.Add((step.Root, step.Level, step.Gfn));
            bool known = step.Verb switch
            {
                Verb.Get => made.Contains((step.Root, (int)Lab.Mmu.RootRole.Normal.Level, 0)),
                Verb.ZapPage => made.Contains((step.Root, step.Level, step.Gfn)),
                _ => true,
            };
            if (!known) yield return $"{one.Line}: {step} before it was made";
        }
    }

    /// <summary>A vCPU puts only the root that it loaded, loads only after it put, and makes tables only of the root that it
    /// has. At a reset the VMM's thread puts it in the vCPU's stead.</summary>
    private static IEnumerable<string> VcpuStaysOnItsRoot(IReadOnlyList<Sourced> events)
    {
        foreach (IGrouping<string, Sourced> vcpu in events.Where(one => one.Event.Part == Part.Vcpu).GroupBy(one => one.Task))
        {
            int? root = null;
            string reset = $"reset {vcpu.Key}";
            foreach (Sourced one in events.Where(one => one.Task == vcpu.Key || one.Event.Phase == reset))
            {
                NormalEvent step = one.Event;
                if (step.Part != Part.Vcpu)
                {
                    if (step.Verb == Verb.Put && step.Root == root) root = null;
                    continue;
                }
                bool makesRoot = step.Verb == Verb.GetPage && step.Level == (int)Lab.Mmu.RootRole.Normal.Level;
                int? needed = step.Verb == Verb.Get || makesRoot ? null : step.Root;
                if (root != needed)
                {
                    yield return $"{one.Line}: {step} by {vcpu.Key}, which has {(root is null ? "no root" : $"root{root}")}";
                }
                if (step.Verb == Verb.Get) root = step.Root;
                if (step.Verb == Verb.Put) root = null;
            }
        }
    }

    private static IEnumerable<IGrouping<string, Sourced>> Deletes(IReadOnlyList<Sourced> events) =>
        events.Where(one => one.Event.Phase.StartsWith("del begin", StringComparison.Ordinal)).GroupBy(one => one.Event.Phase);
}

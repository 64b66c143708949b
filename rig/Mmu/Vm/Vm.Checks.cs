namespace Lab.Mmu;

/// <summary>What the VM watches on metal: counts, life of roots, completeness of a fast zap and of a notifier.</summary>
public sealed unsafe partial class Vm<TMachine>
{
    // SAFETY: headers stay readable after their roots are freed (RootPool), so looking at a stale handle's state is allowed: that
    // is how staleness is found.
    private const int WatchedRootsMax = 64;
    private readonly TdpRoot[] _watched = new TdpRoot[WatchedRootsMax];
    private readonly ulong[] _watchedIds = new ulong[WatchedRootsMax];
    private int _watchedCount;

    /// <summary>The name of a shared word of the VM itself or of its memory, or null.</summary>
    internal string? NameOf(nint word)
    {
        if (word == (nint)_dying) return "dying";
        return Slots.NameOf(word) ?? Notifier.NameOf(word) ?? (Memory.Holds(word) ? "a frame's stamp" : null);
    }

    /// <summary>True, after reporting it, if the root was freed: whoever uses it holds no reference although it thinks
    /// so.</summary>
    public bool ReportIfDead(TdpRoot root, string verb)
    {
        if (root.Header->State is (ulong)RootState.Live or (ulong)RootState.Unlinked) return false;
        Oracle.Report(Invariants.I3, $"{verb} of {root}, which was freed: use after free", root.Id);
        return true;
    }

    internal void ReportUnderflow(TdpRoot root, long count) =>
        Oracle.Report(Invariants.I1, $"put of {root} took its count to {count}: a reference was put twice", root.Id);

    /// <summary>Takes a live root off the list; reports and refuses if it is off already. Hold the pages lock.</summary>
    internal bool TryUnlink(TdpRoot root)
    {
        ulong found = Machine.CompareExchange(ref root.Header->State, (ulong)RootState.Unlinked, (ulong)RootState.Live);
        if (found != (ulong)RootState.Live)
        {
            Oracle.Report(Invariants.I2, $"{root} was to be freed while {(RootState)found}", root.Id);
            return false;
        }
        Record(MmuEventKind.Unlink, root, (long)root.Count);
        if (Roots.Contains(root)) Roots.Remove(root);
        return true;
    }

    /// <summary>Remembers the roots there are, to look at them again when the fast zap says that it is done. Exclusive
    /// hold.</summary>
    private void WatchRoots()
    {
        _watchedCount = 0;
        for (TdpRoot root = Roots.First; !root.IsNone && _watchedCount < WatchedRootsMax; root = Roots.After(root))
        {
            _watched[_watchedCount] = root;
            _watchedIds[_watchedCount++] = root.Id;
        }
    }

    /// <summary>Invariant I6: none of the watched roots has a present entry at its top level. Dead headers wait long before they
    /// are used again, so that comparing the number is enough to know the root.</summary>
    private void CheckWatchedRootsEmpty()
    {
        Machine.EnterRcu(Rcu);
        for (int index = 0; index < _watchedCount; index++)
        {
            TdpRoot root = _watched[index];
            if (root.Id != _watchedIds[index] || root.Header->State is not ((ulong)RootState.Live or (ulong)RootState.Unlinked))
            {
                continue;
            }
            long present = Mmu.CountPresent(root, GfnRange.All, RootRole.Normal.Level);
            if (present == 0) continue;
            // A root that was unlinked before this section began may be freed inside it, and its table be somebody else's by now:
            // what was counted is not the root's then. A root is dead before its table is free.
            if (Volatile.Read(ref root.Header->State) == (ulong)RootState.Dead || root.Id != _watchedIds[index]) continue;
            Oracle.Report(Invariants.I6,
                $"{root} still has {present} present top-level entries: the fast zap returned early", root.Id);
        }
        Machine.ExitRcu(Rcu);
    }

    /// <summary>Invariants I4 and I5, as far as metal can look: after a notifier's start, none of the roots that the last fast
    /// zap invalidated maps a frame of the range, listed or not. Valid roots are not looked at. Called by the notifier's actor,
    /// which has no hold.</summary>
    public void CheckUnmapped(GfnRange range)
    {
        Machine.EnterRcu(Rcu);
        for (int index = 0; index < Volatile.Read(ref _watchedCount); index++)
        {
            TdpRoot root = _watched[index];
            if (root.Id != _watchedIds[index] || root.Header->State != (ulong)RootState.Live || !Strategy.IsInvalid(root))
            {
                continue;
            }
            long present = Mmu.CountPresent(root, range, Spte.LeafLevel);
            if (present == 0) continue;
            Oracle.Report(Invariants.I5, $"{root}, which is invalid, still maps {present} frames of {range}", root.Id);
        }
        Machine.ExitRcu(Rcu);
    }
}

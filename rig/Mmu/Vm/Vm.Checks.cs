namespace Lab.Mmu;

/// <summary>What the VM watches on metal: counts, life of roots, completeness of a fast zap and of a notifier.</summary>
public sealed unsafe partial class Vm<TMachine>
{
    // SAFETY: headers stay readable after their roots are freed (RootPool), so looking at a stale handle's state is allowed: that
    // is how staleness is found.
    private const int WatchedRootsMax = 64;

    /// <summary>Frames of a slot that are looked for in a root that stays: the look is inside the update.</summary>
    private const ulong DoomedFramesMax = 4096;

    private readonly TdpRoot[] _watched = new TdpRoot[WatchedRootsMax];
    private readonly ulong[] _watchedIds = new ulong[WatchedRootsMax];
    private int _watchedCount;

    /// <summary>The name of a shared word of the VM itself or of its memory, or null.</summary>
    internal string? NameOf(nint word)
    {
        if (word == (nint)_dying) return "dying";
        if (_ownWords.Find(own => own.Address == word) is { } found) return found.Name;
        return Slots.NameOf(word) ?? Notifier.NameOf(word) ?? Ageing.NameOf(word) ?? DirtyLog.NameOf(word) ?? Memory.NameOf(word);
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

    /// <summary>Invariant I6: a watched root that the strategy gave up has no present entry at its top level, and one that it
    /// keeps maps none of the first frames of the slot. Dead headers wait long before they are used again, so that comparing the
    /// number is enough to know the root.</summary>
    private void CheckWatchedRoots()
    {
        GfnRange looked = GfnRange.Of(DoomedRange.Start.Value, Math.Min(DoomedRange.Frames, DoomedFramesMax));
        Machine.EnterRcu(Rcu);
        for (int index = 0; index < _watchedCount; index++)
        {
            TdpRoot root = _watched[index];
            if (root.Id != _watchedIds[index] || root.Header->State is not ((ulong)RootState.Live or (ulong)RootState.Unlinked))
            {
                continue;
            }
            bool isKept = IsKept(root);
            long present = isKept ? Mmu.CountPresent(root, looked, Spte.LeafLevel)
                : Mmu.CountPresent(root, GfnRange.All, RootRole.Normal.Level);
            if (present == 0) continue;
            // A root that was unlinked before this section began may be freed inside it, and its table be somebody else's by now:
            // what was counted is not the root's then. A root is dead before its table is free.
            if (Volatile.Read(ref root.Header->State) == (ulong)RootState.Dead || root.Id != _watchedIds[index]) continue;
            Oracle.Report(Invariants.I6, isKept
                ? $"{root} still maps {present} frames of the slot at {DoomedRange}: the fast zap missed them"
                : $"{root} still has {present} present top-level entries: the fast zap returned early", root.Id);
        }
        Machine.ExitRcu(Rcu);
    }

    /// <summary>True if the fast zap leaves the root in use. An oracle's look: no step of the machine.</summary>
    internal bool IsKept(TdpRoot root) =>
        Strategy.KeepsRoots ?? (Volatile.Read(ref root.Header->Role) & RootRole.Invalid) == 0;

    /// <summary>Invariant I35: a fault found no memslot and is answered as MMIO, and there is none that is being updated. Inside
    /// the fault's SRCU section, in which a slot cannot both appear and become invalid. An oracle's look: no step of the
    /// machine.</summary>
    internal void CheckMmio(Gfn gfn)
    {
        Looked?.Invoke(OracleLook.Mmio, TdpRoot.None, gfn.Value);
        if (Slots.Kernel is not null || !Slots.Active.TryFind(gfn, out Memslot slot) || !slot.IsInvalid) return;
        ReportMmio(gfn, slot);
    }

    private void ReportMmio(Gfn gfn, in Memslot slot) => Oracle.Report(Invariants.I35, slot.IsInvalid
        ? $"gfn {gfn} was answered as MMIO while slot {slot.Id} there is being updated"
        : $"gfn {gfn} was answered as MMIO from the tables, and slot {slot.Id} is there", 0);

    /// <summary>Invariant I36. On the vCPU's thread, right after the load. An oracle's look: no step of the machine.</summary>
    internal void CheckRole(TdpRoot root, RootRole role)
    {
        Looked?.Invoke(OracleLook.RoleLoaded, root, role.Word);
        ulong found = Volatile.Read(ref root.Header->Role) & ~RootRole.Invalid;
        if (found == role.Word) return;
        Oracle.Report(Invariants.I36, $"{root}, of role 0x{found:x}, was loaded for a vCPU of role {role}", root.Id);
    }

    /// <summary>Invariants I4 and I5, as far as metal can look: between a notifier's start and its end no root maps a frame of
    /// the range, be it listed or, off the list, one that the last fast zap invalidated. Called by the notifier's actor, which
    /// has no hold. At each place of the memory. An oracle's look: the sections are its only steps.</summary>
    public void CheckUnmapped(GfnRange range)
    {
        CheckUnmappedAt(range);
        if (!Settings.SharesMemory) return;
        Machine.EnterRcu(Slots.Srcu);
        foreach (GfnRange place in Slots.Published.OtherPlaces(range)) CheckUnmappedAt(place);
        Machine.ExitRcu(Slots.Srcu);
    }

    private void CheckUnmappedAt(GfnRange range)
    {
        Machine.EnterRcu(Rcu);
        for (TdpRoot root = TdpRoot.FromWord(Volatile.Read(ref *Roots.HeadLink)); !root.IsNone;
             root = TdpRoot.FromWord(Volatile.Read(ref root.Header->Next))) CheckUnmapped(root, range);
        for (int index = 0; index < Volatile.Read(ref _watchedCount); index++)
        {
            TdpRoot root = _watched[index];
            bool isOffList = root.Header->State == (ulong)RootState.Live && root.Header->Previous == 0;
            if (root.Id == _watchedIds[index] && isOffList) CheckUnmapped(root, range);
        }
        Machine.ExitRcu(Rcu);
    }

    /// <summary>Invariant I24, from the fault's own section: what it has just installed was not taken since it looked it
    /// up.</summary>
    private void CheckInstalled(TdpRoot root, in Mapping mapping)
    {
        Looked?.Invoke(OracleLook.Installed, root, mapping.Hva.Value);
        if (!GuestMemory<TMachine>.IsFreed(mapping.Hva)) return;
        Oracle.Report(Invariants.I24,
            $"gfn {mapping.Gfn} was mapped in {root} to a frame that the host took after the fault had looked it up", root.Id);
    }

    private void CheckUnmapped(TdpRoot root, GfnRange range)
    {
        long present = Mmu.CountPresent(root, range, Spte.LeafLevel);
        if (present == 0) return;
        string invalid = (Volatile.Read(ref root.Header->Role) & RootRole.Invalid) != 0 ? ", which is invalid," : "";
        Oracle.Report(Invariants.I5, $"{root}{invalid} maps {present} frames of {range} between a notifier's start and its end",
            root.Id);
    }
}

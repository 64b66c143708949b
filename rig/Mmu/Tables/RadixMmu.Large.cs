namespace Lab.Mmu;

/// <summary>Leafs above 4 KiB: mapped where there are others, split and put together again.</summary>
public sealed unsafe partial class RadixMmu<TMachine, TShape>
{
    // SAFETY: as in RadixMmu.Map.cs: tables are pages of the arena, which stay mapped for the life of the VM. A table is filled
    // before it is linked, when nobody else can see it.
    /// <inheritdoc/>
    public GfnRange RangeOf(Gfn gfn, PageLevel level) =>
        GfnRange.Of(TableShape<TShape>.AlignDown(gfn, level).Value, TableShape<TShape>.FramesPerEntry(level));

    /// <inheritdoc/>
    /// <remarks>kvm_tdp_mmu_map with a goal level, tdp_mmu_split_huge_page, and tdp_mmu_map_handle_target_level, which flushes
    /// where a table was replaced.</remarks>
    public MapOutcome MapAt(TableCache cache, TdpRoot root, in Mapping mapping, PageLevel level)
    {
        ulong gfn = mapping.Gfn.Value;
        PageLevel at = TableShape<TShape>.RootLevel;
        ulong old = LoadEntry(root.Table, gfn, at, out ulong* sptep);
        while (at > level)
        {
            if (!LeadsToTable(old))
            {
                ulong before = old;
                bool isLeaf = Spte.IsPresent(before);
                old = isLeaf ? SplitLeaf(cache, root, gfn, at, ref *sptep, old)
                    : LinkTable(cache, root, gfn, at, ref *sptep, old);
                // Unchanged where a table was to go: there was no page for one. Changed: by somebody who was faster.
                bool hadNoPage = old == before && (isLeaf || before == Spte.NonPresent);
                if (!LeadsToTable(old)) return hadNoPage ? MapOutcome.NoMemory : MapOutcome.Retry;
            }
            at--;
            old = LoadEntry(TableBelow(old), gfn, at, out sptep);
        }

        ulong fresh = Spte.MakeLeaf(mapping.Hva, level, mapping.MayWrite, mapping.Write);
        if (Spte.IsVacant(old)) return MapVacant(mapping.Gfn, level, ref *sptep, old, fresh);
        if (!LeadsToTable(old) || level == Spte.LeafLevel)
        {
            return MapOverPresent(root, gfn, level, mapping.Write, ref *sptep, old, fresh);
        }
        if (!HasRoom) return MapOutcome.NoMemory;
        if (!TryReplaceTable(root, mapping.Gfn, level, ref *sptep, old, fresh, default(SharedHold), null))
        {
            return MapOutcome.Retry;
        }
        FlushRemoteTlbs();
        return MapOutcome.Fixed;
    }

    /// <inheritdoc/>
    /// <remarks>tdp_mmu_split_huge_pages_root, Linux 6.16. The kernel allocates without sleeping under the lock, and leaves it
    /// for that if it must; the arena never sleeps.</remarks>
    public void Split(TableCache cache, TdpRoot root, GfnRange range, MmuHold hold)
    {
        Pacer pacer = BeginWalk(mayYield: true);
        TdpIter<TMachine, TShape> iter = new(_machine, root.Table, Spte.LeafLevel + 1, range);
        while (iter.Valid)
        {
            if (ShouldYield(ref iter, ref pacer))
            {
                Yield(ref iter, ref pacer, hold);
            }
            else if (Spte.IsPresent(iter.OldSpte) && Spte.IsLeaf(iter.OldSpte, iter.Level))
            {
                cache.TopUp();
                ulong now = SplitLeaf(cache, root, iter.Gfn.Value, iter.Level, ref *iter.Sptep, iter.OldSpte);
                // Changed underneath: looked at again. The same: no table page, and it stays.
                if (!LeadsToTable(now) && now != iter.OldSpte)
                {
                    iter.OldSpte = now;
                    continue;
                }
            }
            iter.Next();
            pacer.Entries++;
        }
        pacer.EndSection();
    }

    /// <inheritdoc/>
    /// <remarks>recover_huge_pages_range, Linux 6.13 and later: in place, by the first of the table's leafs. Before it the kernel
    /// zapped the leafs and let faults map the large one.</remarks>
    public bool Merge(TdpRoot root, GfnRange range, PageLevel level, MmuHold hold, IZapHooks? hooks)
    {
        Pacer pacer = BeginWalk(mayYield: true);
        bool flush = false;
        TdpIter<TMachine, TShape> iter = new(_machine, root.Table, level, range);
        while (iter.Valid)
        {
            if (ShouldYield(ref iter, ref pacer))
            {
                if (flush) FlushRemoteTlbs();
                flush = false;
                Yield(ref iter, ref pacer, hold);
            }
            else if (iter.Level == level && LeadsToTable(iter.OldSpte) && Holds(range, iter.Gfn, level) && HasRoom)
            {
                ulong leaf = FirstLeaf(TableBelow(iter.OldSpte), level - 1);
                if (Spte.IsFrozen(leaf)
                    || (leaf != Spte.NonPresent && !TryReplaceTable(root, iter.Gfn, level, ref *iter.Sptep, iter.OldSpte,
                        leaf | Spte.PageSize, hold, hooks)))
                {
                    iter.OldSpte = _machine.Load(ref *iter.Sptep);
                    continue;
                }
                flush |= leaf != Spte.NonPresent;
            }
            iter.Next();
            pacer.Entries++;
        }
        pacer.EndSection();
        return flush;
    }

    /// <summary>One leaf more can be told of.</summary>
    private bool HasRoom => _index is not { HasRoom: false };

    private static bool Holds(GfnRange range, Gfn gfn, PageLevel level) =>
        range.Contains(gfn) && gfn.Value + TableShape<TShape>.FramesPerEntry(level) <= range.End.Value;

    /// <summary>The first present leaf of the table; frozen, if somebody is zapping it; non-present if there is none.</summary>
    private ulong FirstLeaf(ulong* table, PageLevel level)
    {
        for (int index = 0; index < TableShape<TShape>.Entries; index++)
        {
            ulong spte = _machine.Load(ref table[index]);
            if (Spte.IsFrozen(spte) || (Spte.IsPresent(spte) && Spte.IsLeaf(spte, level))) return spte;
        }
        return Spte.NonPresent;
    }

    /// <summary>Puts a leaf where a table hangs, and takes the table apart. A flush is owed before the read-side section
    /// ends.</summary>
    private bool TryReplaceTable(
        TdpRoot root, Gfn gfn, PageLevel level, ref ulong sptep, ulong old, ulong leaf, MmuHold hold, IZapHooks? hooks)
    {
        TellOfTaking(root, hooks);
        bool isReplaced = _machine.CompareExchange(ref sptep, leaf, old) == old;
        if (isReplaced)
        {
            Watch?.OnTaken(root, TableBelow(old));
            HandleRemoved(TableBelow(old), hold);
            _index?.Add(TableShape<TShape>.AlignDown(gfn, level), ref sptep);
        }
        TellOfEnd(root, hooks);
        return isReplaced;
    }

    /// <summary>Makes a table of smaller leafs hang where the leaf is. Returns the entry that leads to it, or what is there
    /// instead: still the leaf, if there was no table page, or no room in the index.</summary>
    private ulong SplitLeaf(TableCache cache, TdpRoot root, ulong gfn, PageLevel level, ref ulong sptep, ulong spte)
    {
        ulong* child = HasRoom ? TakeTable(cache, root, gfn, level) : null;
        if (child == null) return spte;
        ulong leaf = level - 1 == Spte.LeafLevel ? spte & ~Spte.PageSize : spte;
        for (int index = 0; index < TableShape<TShape>.Entries; index++) child[index] = leaf;
        ulong now = TryLink(cache, child, ref sptep, spte);
        if (now != Spte.MakeNonLeaf((ulong)child) || _index is null) return now;
        Gfn first = TableShape<TShape>.AlignDown(new Gfn(gfn), level);
        _index.Remove(first, ref sptep);
        ulong frames = TableShape<TShape>.FramesPerEntry(level - 1);
        for (int index = 0; index < TableShape<TShape>.Entries; index++)
        {
            _index.Add(first + (ulong)index * frames, ref child[index]);
        }
        return now;
    }
}

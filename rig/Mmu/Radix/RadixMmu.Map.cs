using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Lab.Mmu;

/// <summary>The vCPU's side: installing what a fault found, and the walk that the processor does.</summary>
public sealed unsafe partial class RadixMmu<TMachine>
{
    /// <inheritdoc/>
    /// <remarks>
    /// kvm_tdp_mmu_map. An entry that is frozen is being zapped: give up and let the guest fault again. A missing table is linked with
    /// CAS; who loses the race takes the winner's table. Acquire loads pair with the CAS that linked the table, so a table's zeroes are
    /// seen before its address.
    /// </remarks>
    public MapOutcome Map(TableCache cache, TdpRoot root, in Mapping mapping)
    {
        ulong gfn = mapping.Gfn.Value;
        ulong* table = root.Table;
        int shift = 9 * (_rootLevel - 1);
        for (int leafShift = 9 * (_leafLevel - 1); shift > leafShift; shift -= 9)
        {
            ulong* sptep = table + ((gfn >> shift) & (Spte.EntriesPerTable - 1));
            ulong spte = _machine.Load(ref *sptep);
            if ((spte & (Spte.Present | Spte.PageSize)) != Spte.Present)
            {
                MapOutcome outcome = LinkTable(cache, root, gfn, sptep, shift / 9 + 1, ref spte);
                if (outcome != MapOutcome.Fixed) return outcome;
            }
            table = (ulong*)Spte.Address(spte);
        }

        ref ulong leaf = ref table[(gfn >> shift) & (Spte.EntriesPerTable - 1)];
        ulong old = _machine.Load(ref leaf);
        ulong fresh = Spte.MakeLeaf(mapping.Frame, shift / 9 + 1, mapping.MayWrite, mapping.Write);
        if (old == Spte.NonPresent)
            return _machine.CompareExchange(ref leaf, fresh, Spte.NonPresent) == Spte.NonPresent ? MapOutcome.Fixed : MapOutcome.Retry;
        return MapOverPresent(root, ref leaf, old, fresh, mapping);
    }

    /// <inheritdoc/>
    /// <remarks>
    /// Reads the tables without any lock, as the processor does, and sets accessed and dirty bits with CAS, so that a zapped
    /// entry is never resurrected (invariant I20).
    /// </remarks>
    public WalkOutcome Walk(TdpRoot root, Gfn gfn, bool write, out ulong spte)
    {
        ulong* table = root.Table;
        spte = Spte.Poison;
        if (table == null) return WalkOutcome.FreedTable;
        int shift = 9 * (_rootLevel - 1);
        ulong* sptep;
        while (true)
        {
            sptep = table + ((gfn.Value >> shift) & (Spte.EntriesPerTable - 1));
            spte = _machine.Load(ref *sptep);
            if ((spte & Spte.Present) == 0) return spte == Spte.Poison ? WalkOutcome.FreedTable : WalkOutcome.Fault;
            if (shift == 0 || (spte & Spte.PageSize) != 0) break;
            table = (ulong*)Spte.Address(spte);
            shift -= 9;
        }

        if (write && (spte & Spte.Writable) == 0) return WalkOutcome.Fault;
        ulong used = spte | Spte.Accessed | (write ? Spte.Dirty : 0);
        if (used == spte) return WalkOutcome.Ok;
        // A change in between is a new entry: walk again by faulting softly.
        if (_machine.CompareExchange(ref *sptep, used, spte) != spte) return Walk(root, gfn, write, out spte);
        spte = used;
        return WalkOutcome.Ok;
    }

    /// <summary>Makes sure that a table hangs below the entry; on Fixed, <paramref name="spte"/> leads to it.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private MapOutcome LinkTable(TableCache cache, TdpRoot root, ulong gfn, ulong* sptep, int level, ref ulong spte)
    {
        if (spte == Spte.Poison) ReportPoison(root, gfn, level);
        if (spte != Spte.NonPresent) return MapOutcome.Retry;
        ulong* child = cache.Take();
        if (child == null) return MapOutcome.NoMemory;
        TablePage* page = _arena.PageOf(child);
        page->RootId = root.Id;
        page->Gfn = gfn & ~(Gfn.FramesPerSpte(level) - 1);
        page->Level = level - 1;
        page->State = TableState.Linked;
        ulong fresh = Spte.MakeNonLeaf((ulong)child);
        // The time of before the link: no zap of the table can lie before its creation.
        MmuEvent entry = new(Stopwatch.GetTimestamp(), root.Id, 0, page->Gfn, MmuEventKind.GetPage, (byte)(level - 1), Shared: true, Invalid: false);
        ulong found = _machine.CompareExchange(ref *sptep, fresh, Spte.NonPresent);
        if (found != Spte.NonPresent)
        {
            page->State = TableState.Cached;
            cache.Return(child);
            if (!Spte.IsPresent(found) || Spte.IsLeaf(found, level)) return MapOutcome.Retry;
            spte = found;
            return MapOutcome.Fixed;
        }
        Actor actor = Actor.Current;
        actor.Counters.TablesInstalled++;
        actor.Events.Record(entry);
        spte = fresh;
        return MapOutcome.Fixed;
    }

    /// <summary>The leaf was not empty: installed by another vCPU, write-protected, or being zapped.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private MapOutcome MapOverPresent(TdpRoot root, ref ulong leaf, ulong old, ulong fresh, in Mapping mapping)
    {
        if (old == Spte.Poison) ReportPoison(root, mapping.Gfn.Value, _leafLevel);
        if (!Spte.IsPresent(old)) return MapOutcome.Retry;
        bool enough = !mapping.Write || Spte.IsWritable(old);
        if (enough && Spte.Address(old) == Spte.Address(fresh)) return MapOutcome.Spurious;
        return _machine.CompareExchange(ref leaf, fresh | (old & Spte.Dirty), old) == old ? MapOutcome.Fixed : MapOutcome.Retry;
    }
}

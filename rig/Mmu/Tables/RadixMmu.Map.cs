using System.Numerics;
using System.Runtime.CompilerServices;

namespace Lab.Mmu;

/// <summary>The vCPU's side: installing what a fault found, and the walk that the processor does.</summary>
/// <remarks>Both verbs are the common case only, small enough to be inlined where the type of the MMU is known; what is rare is a
/// call in tail position. So nothing lives across a call and nothing is spilled to the stack: the locked instruction of an
/// install waits for every store.</remarks>
public sealed unsafe partial class RadixMmu<TMachine, TShape>
{
    // SAFETY: tables are pages of the arena, which stay mapped for the life of the VM: a walk that comes too late reads poison.
    // Only this MMU writes entries that are present and no leaf, and it writes addresses of tables; an index has no more bits
    // than entries of a table need.
    // An entry that leads to a table has its flags below the address only: see TableBelow.
    private const uint TableFlagsAreLow =
        checked((uint)(((Spte.Present | Spte.Writable | Spte.Accessed) & ~(ulong)(TableArena.TableBytes - 1)) == 0 ? 0 : -1));

    /// <inheritdoc/>
    /// <remarks>kvm_tdp_mmu_map. An entry that is frozen is being zapped: give up and let the guest fault again. A missing table
    /// is linked with CAS; who loses the race takes the winner's table. Acquire loads pair with the CAS that linked the table, so
    /// a table's zeroes are seen before its address.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public MapOutcome Map(TableCache cache, TdpRoot root, in Mapping mapping)
    {
        bool atLeafLevel = WalkDown(root.Table, mapping.Gfn.Value, out ulong* sptep, out ulong old);
        if (!atLeafLevel || _quickLeafLevel != Spte.LeafLevel || old != Spte.NonPresent)
        {
            return MapRest(cache, root, mapping, sptep, old);
        }
        ulong fresh = Spte.MakeLeaf(mapping.Hva, Spte.LeafLevel, mapping.MayWrite, mapping.Write);
        return _machine.CompareExchange(ref *sptep, fresh, Spte.NonPresent) == Spte.NonPresent ? MapOutcome.Fixed
            : MapOutcome.Retry;
    }

    /// <inheritdoc/>
    /// <remarks>Reads the tables without any lock, as the processor does, and sets accessed and dirty bits with CAS, so that a
    /// zapped entry is never resurrected (invariant I20).</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public WalkOutcome Walk(TdpRoot root, Gfn gfn, bool write, out ulong spte)
    {
        ulong* table = root.Table;
        ulong needed = write ? Spte.Present | Spte.Accessed | Spte.Writable | Spte.Dirty : Spte.Present | Spte.Accessed;
        _ = WalkDown(table, gfn.Value, out _, out spte);
        if ((spte & needed) != needed)
        {
            (WalkOutcome outcome, spte) = WalkRest(table, gfn.Value, write, spte);
            return outcome;
        }
        return WalkOutcome.Ok;
    }

    /// <summary>Follows the tables down to the entry where they end for the frame: a leaf, or not present in any way. True if
    /// that is a level 1 entry.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool WalkDown(ulong* top, ulong gfn, out ulong* sptep, out ulong spte)
    {
        // Written out level by level, so that every shift is a constant.
        spte = LoadEntry(top, gfn, TableShape<TShape>.RootLevel, out sptep);
        return (TShape.Levels < 4 || TryStepDown(gfn, PageLevel.Size1G, ref sptep, ref spte))
            && (TShape.Levels < 3 || TryStepDown(gfn, PageLevel.Size2M, ref sptep, ref spte))
            && TryStepDown(gfn, Spte.LeafLevel, ref sptep, ref spte);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryStepDown(ulong gfn, PageLevel below, ref ulong* sptep, ref ulong spte)
    {
        if (!LeadsToTable(spte)) return false;
        spte = LoadEntry(TableBelow(spte), gfn, below, out sptep);
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ulong LoadEntry(ulong* table, ulong gfn, PageLevel level, out ulong* sptep)
    {
        // A rotation writes its result elsewhere; a shift would need a copy first.
        ulong low = level == Spte.LeafLevel ? gfn : BitOperations.RotateRight(gfn, TShape.IndexBits * ((int)level - 1));
        ulong index = low & (ulong)(TableShape<TShape>.Entries - 1);
        sptep = table + index;
        // Not through the pointer: the load does not wait for the sum, and where nobody wants the place there is none.
        return _machine.Load(ref table[index]);
    }

    // Two tests of one bit each: cheaper than one masked comparison.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool LeadsToTable(ulong spte) => (spte & Spte.Present) != 0 && (spte & Spte.PageSize) == 0;

    // As Spte.Address, but with a mask that fits into the instruction: such an entry has no flags above the address.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong* TableBelow(ulong spte) => (ulong*)(spte & ~(ulong)(TableArena.TableBytes - 1));

    /// <summary>An install that cannot be done at once, from where the walk ended: tables are missing, the leaf is not empty, or
    /// it is a large one.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private MapOutcome MapRest(TableCache cache, TdpRoot root, Mapping mapping, ulong* sptep, ulong old)
    {
        if (_leafLevel != Spte.LeafLevel) return MapAt(cache, root, mapping, _leafLevel);
        ulong gfn = mapping.Gfn.Value;
        // The table is not freed while we are in the read-side section, and its level does not change while it is linked.
        PageLevel level = _arena.PageOf(TableBelow((ulong)sptep))->Level;
        while (level > Spte.LeafLevel)
        {
            if (!LeadsToTable(old)) old = LinkTable(cache, root, gfn, level, ref *sptep, old);
            if (!LeadsToTable(old)) return old == Spte.NonPresent ? MapOutcome.NoMemory : MapOutcome.Retry;
            level--;
            old = LoadEntry(TableBelow(old), gfn, level, out sptep);
        }

        ulong fresh = Spte.MakeLeaf(mapping.Hva, Spte.LeafLevel, mapping.MayWrite, mapping.Write);
        return Spte.IsVacant(old)
            ? MapVacant(mapping.Gfn, Spte.LeafLevel, ref *sptep, old, fresh)
            : MapOverPresent(root, gfn, Spte.LeafLevel, mapping.Write, ref *sptep, old, fresh);
    }

    /// <summary>As the kernel's mmu_set_spte: the entry first, then its place on the chain.</summary>
    private MapOutcome MapVacant(Gfn gfn, PageLevel level, ref ulong sptep, ulong old, ulong fresh)
    {
        if (!HasRoom) return MapOutcome.NoMemory;
        if (_machine.CompareExchange(ref sptep, fresh, old) != old) return MapOutcome.Retry;
        _index?.Add(TableShape<TShape>.AlignDown(gfn, level), ref sptep);
        return MapOutcome.Fixed;
    }

    /// <summary>Makes a table hang below the entry, which was found as <paramref name="spte"/>. Returns the entry that leads to
    /// it, or what is there instead: non-present, if no table page was to be had.</summary>
    private ulong LinkTable(TableCache cache, TdpRoot root, ulong gfn, PageLevel level, ref ulong sptep, ulong spte)
    {
        if (spte == Spte.Poison) ReportPoison(root, gfn, level);
        if (spte != Spte.NonPresent) return spte;
        ulong* child = TakeTable(cache, root, gfn, level);
        return child == null ? Spte.NonPresent : TryLink(cache, child, ref sptep, Spte.NonPresent);
    }

    /// <summary>A table for what lies below an entry of that level, zeroed; null if there is none.</summary>
    private ulong* TakeTable(TableCache cache, TdpRoot root, ulong gfn, PageLevel level)
    {
        ulong* child = cache.Take();
        if (child == null) return null;
        TablePage* page = _arena.PageOf(child);
        page->RootId = root.Id;
        page->Gfn = TableShape<TShape>.AlignDown(new Gfn(gfn), level).Value;
        page->Level = level - 1;
        page->State = TableState.Linked;
        return child;
    }

    /// <summary>Links the table where <paramref name="old"/> is. Returns the entry that leads to it, or what was found there:
    /// then the table is back in the cache.</summary>
    private ulong TryLink(TableCache cache, ulong* child, ref ulong sptep, ulong old)
    {
        TablePage* page = _arena.PageOf(child);
        ulong fresh = Spte.MakeNonLeaf((ulong)child);
        // The time of before the link: no zap of the table can lie before its creation.
        MmuEvent entry = new(_machine.Timestamp(), page->RootId, 0, page->Gfn, MmuEventKind.GetPage, (byte)page->Level,
            Shared: true, Invalid: false);
        ulong found = _machine.CompareExchange(ref sptep, fresh, old);
        if (found != old)
        {
            page->State = TableState.Cached;
            if (old != Spte.NonPresent) new Span<ulong>(child, TableShape<TShape>.Entries).Clear();
            cache.Return(child);
            return found;
        }
        Actor actor = _machine.Actor;
        actor.Counters.TablesInstalled++;
        actor.Events.Record(entry);
        return fresh;
    }

    /// <summary>The leaf was not empty: installed by another vCPU, write-protected, or being zapped.</summary>
    private MapOutcome MapOverPresent(
        TdpRoot root, ulong gfn, PageLevel level, bool write, ref ulong leaf, ulong old, ulong fresh)
    {
        if (old == Spte.Poison) ReportPoison(root, gfn, level);
        bool mayInstall = Spte.IsPresent(old) || (TShape.Flaw == MmuFlaw.InstallsOverFrozen && Spte.IsFrozen(old));
        if (!mayInstall) return MapOutcome.Retry;
        bool enough = !write || Spte.IsWritable(old);
        if (enough && Spte.Address(old) == Spte.Address(fresh)) return MapOutcome.Spurious;
        return _machine.CompareExchange(ref leaf, fresh | (old & Spte.Dirty), old) == old ? MapOutcome.Fixed : MapOutcome.Retry;
    }

    /// <summary>A walk that found no leaf, or one whose accessed or dirty bit must be set. If the access is allowed the bits are
    /// set: it walks from the top for that, as processors do, and again if the entry changed in between. Returns the entry as it
    /// is then.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private (WalkOutcome Outcome, ulong Spte) WalkRest(ulong* top, ulong gfn, bool write, ulong spte)
    {
        while (Spte.IsPresent(spte) && (!write || Spte.IsWritable(spte)))
        {
            _ = WalkDown(top, gfn, out ulong* sptep, out spte);
            if (!Spte.IsPresent(spte) || (write && !Spte.IsWritable(spte))) break;
            ulong used = spte | Spte.Accessed | (write ? Spte.Dirty : 0);
            if (_machine.CompareExchange(ref *sptep, used, spte) == spte) return (WalkOutcome.Ok, used);
        }
        return (spte == Spte.Poison ? WalkOutcome.FreedTable : WalkOutcome.Fault, spte);
    }
}

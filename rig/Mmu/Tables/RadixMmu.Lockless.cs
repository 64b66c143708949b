namespace Lab.Mmu;

/// <summary>What faults do without mmu_lock, and what they leave for it: entries that are cached answers.</summary>
public sealed unsafe partial class RadixMmu<TMachine, TShape>
{
    // SAFETY: as in RadixMmu.Map.cs: tables are pages of the arena, which stay mapped for the life of the VM: who comes too late
    // reads poison.
    /// <inheritdoc/>
    public (PageLevel Level, ulong Spte) Look(TdpRoot root, Gfn gfn, out SpteRef entry)
    {
        PageLevel level = TableShape<TShape>.RootLevel;
        ulong spte = LoadEntry(root.Table, gfn.Value, level, out ulong* sptep);
        while (LeadsToTable(spte) && level > Spte.LeafLevel)
        {
            level--;
            spte = LoadEntry(TableBelow(spte), gfn.Value, level, out sptep);
        }
        entry = new SpteRef(sptep);
        return (level, spte);
    }

    /// <inheritdoc/>
    public bool TryReplace(SpteRef entry, ulong spte, ulong old) =>
        _machine.CompareExchange(ref entry.Word, spte, old) == old;

    /// <inheritdoc/>
    public MapOutcome MapMmio(TableCache cache, TdpRoot root, Gfn gfn, ulong generation)
    {
        PageLevel at = TableShape<TShape>.RootLevel;
        ulong old = LoadEntry(root.Table, gfn.Value, at, out ulong* sptep);
        while (at > Spte.LeafLevel)
        {
            if (!LeadsToTable(old)) old = LinkTable(cache, root, gfn.Value, at, ref *sptep, old);
            if (!LeadsToTable(old)) return old == Spte.NonPresent ? MapOutcome.NoMemory : MapOutcome.Retry;
            at--;
            old = LoadEntry(TableBelow(old), gfn.Value, at, out sptep);
        }
        if (!Spte.IsVacant(old)) return MapOutcome.Retry;
        return _machine.CompareExchange(ref *sptep, Spte.MakeMmio(generation), old) == old ? MapOutcome.Fixed : MapOutcome.Retry;
    }
}

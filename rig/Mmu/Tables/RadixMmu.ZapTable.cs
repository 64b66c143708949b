namespace Lab.Mmu;

/// <summary>Taking out single leaf tables.</summary>
public sealed unsafe partial class RadixMmu<TMachine, TShape>
{
    // SAFETY: as in RadixMmu.Map.cs: tables are pages of the arena, which stay mapped for the life of the VM.
    private const PageLevel LinkingLevel = Spte.LeafLevel + 1;

    /// <inheritdoc/>
    /// <remarks>kvm_tdp_mmu_zap_possible_nx_huge_page, Linux 6.18 (before: kvm_tdp_mmu_zap_sp, under the exclusive hold). The
    /// kernel has the table from a list and compares the entry with it; here the walk finds it, and between the look at the entry
    /// and the CAS it may go all the same. One try: who is faster has replaced the table, so there is nothing left to do, and
    /// nobody to go round with.</remarks>
    public bool ZapTable(TdpRoot root, Gfn gfn, MmuHold hold, IZapHooks? hooks)
    {
        ulong* sptep;
        ulong* table = root.Table;
        ulong spte = LoadEntry(table, gfn.Value, TableShape<TShape>.RootLevel, out sptep);
        for (PageLevel level = TableShape<TShape>.RootLevel; level > LinkingLevel; level--)
        {
            if (!LeadsToTable(spte)) break;
            spte = LoadEntry(TableBelow(spte), gfn.Value, level - 1, out sptep);
        }
        if (spte == Spte.Poison) ReportPoison(root, gfn.Value, LinkingLevel);
        if (!LeadsToTable(spte)) return false;

        TellOfTaking(root, hooks);
        bool detached = hold.IsExclusive
            ? ZapExclusively(ref *sptep, spte) == spte
            : _machine.CompareExchange(ref *sptep, Spte.NonPresent, spte) == spte;
        if (detached)
        {
            Watch?.OnTaken(root, TableBelow(spte));
            HandleRemoved(TableBelow(spte), hold);
        }
        TellOfEnd(root, hooks);
        return detached;
    }
}

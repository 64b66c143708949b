namespace Lab.Mmu;

/// <summary>Ageing: which leafs were used since somebody last asked.</summary>
public sealed unsafe partial class RadixMmu<TMachine, TShape>
{
    // SAFETY: as in RadixMmu.Map.cs: tables are pages of the arena, which stay mapped for the life of the VM.
    /// <inheritdoc/>
    /// <remarks>kvm_tdp_mmu_age_spte. The kernel takes the bit out with a fetch-and, whatever the entry has become; here it is a
    /// CAS, because <see cref="Spte.Frozen"/> has that bit, too, and must stay as it is. A lost race means that the entry is
    /// being changed: it is young anyway.</remarks>
    public bool ClearAccessed(TdpRoot root, GfnRange range)
    {
        bool young = false;
        for (TdpIter<TMachine, TShape> iter = new(_machine, root.Table, Spte.LeafLevel, range); iter.Valid; iter.Next())
        {
            if (iter.OldSpte == Spte.Poison) ReportFreed(root, iter.Gfn);
            if (!IsYoung(iter)) continue;
            if (TShape.Flaw == MmuFlaw.ClearsWithoutCas) _machine.Store(ref *iter.Sptep, iter.OldSpte & ~Spte.Accessed);
            else _machine.CompareExchange(ref *iter.Sptep, iter.OldSpte & ~Spte.Accessed, iter.OldSpte);
            young = true;
        }
        return young;
    }

    /// <inheritdoc/>
    public bool TestAccessed(TdpRoot root, GfnRange range)
    {
        for (TdpIter<TMachine, TShape> iter = new(_machine, root.Table, Spte.LeafLevel, range); iter.Valid; iter.Next())
        {
            if (IsYoung(iter)) return true;
        }
        return false;
    }

    /// <inheritdoc/>
    public void TellOfLeafs(ILeafIndex index)
    {
        _index = index;
        _quickLeafLevel = 0;
    }

    private void ReportFreed(TdpRoot root, Gfn gfn) =>
        _oracle.Report(Invariants.I30, $"a pass over {root} read a freed table at gfn {gfn}", root.Id);

    private static bool IsYoung(in TdpIter<TMachine, TShape> iter) =>
        Spte.IsPresent(iter.OldSpte) && Spte.IsLeaf(iter.OldSpte, iter.Level) && (iter.OldSpte & Spte.Accessed) != 0;
}

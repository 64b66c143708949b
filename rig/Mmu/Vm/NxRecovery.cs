namespace Lab.Mmu;

/// <summary>NX recovery: a table that keeps a huge page from being mapped, because the guest once executed from it, is taken out
/// again, so that the next fault may map the huge page. Beside whole-root zaps it is the second zapper of subtrees, and the only
/// one of valid roots.</summary>
/// <remarks>
/// <b>Source.</b> kvm_recover_nx_huge_pages; under the shared hold since Linux 6.18 (a57750909580), before under the exclusive
/// one.
/// <para><b>Runs beside.</b> Everything: faults, whole-root zaps, notifiers, ageing. As the kernel's thread it takes no reference
/// to a root and no slots_lock. The read-side section of the memslots keeps an update from returning while it is in a subtree
/// (reference 8.8); that of the page tables keeps roots and tables from being freed. A strategy that counts who takes a subtree
/// apart is told, as it is by whole-root zaps.</para>
/// <para><b>On return</b> no vCPU reaches anything through the tables that were taken out, and faults may have put others in
/// their place.</para>
/// </remarks>
public class NxRecovery<TMachine>(Vm<TMachine> vm)
    where TMachine : struct, IMachine
{
    protected Vm<TMachine> Vm { get; } = vm;

    /// <summary>Takes the leaf table of the frame out of each root; the number of tables.</summary>
    /// <param name="gfn">The frame.</param>
    /// <param name="isExclusive">Hold mmu_lock as before 6.18.</param>
    /// <param name="filter">Invalid roots are for who zaps them whole. The kernel does not look: a table stays on its list until
    /// it is zapped, whatever becomes of its root.</param>
    /// <exception cref="NotSupportedException">The page tables are not the lab's own.</exception>
    public int Recover(Gfn gfn, bool isExclusive = false, RootFilter filter = RootFilter.ValidOnly)
    {
        int taken;
        Vm.Machine.EnterRcu(Vm.Slots.Srcu);
        if (isExclusive)
        {
            ExclusiveHold hold = Vm.EnterExclusive();
            taken = TakeTables(gfn, hold, filter);
            Vm.Exit(hold);
        }
        else
        {
            SharedHold hold = Vm.EnterShared();
            taken = TakeTables(gfn, hold, filter);
            Vm.Exit(hold);
        }
        Vm.Machine.ExitRcu(Vm.Slots.Srcu);
        return taken;
    }

    /// <summary>Before the read-side section ends, after which the tables may be freed (I21).</summary>
    protected virtual void Flush() => Vm.Mmu.FlushRemoteTlbs();

    private int TakeTables(Gfn gfn, MmuHold hold, RootFilter filter)
    {
        ILeafTables tables = Vm.Mmu as ILeafTables
            ?? throw new NotSupportedException($"The leaf tables of {Vm.Mmu.Name} are the kernel's: none can be taken out.");
        int taken = 0;
        Vm.Machine.EnterRcu(Vm.Rcu);
        for (TdpRoot root = Vm.Roots.First; !root.IsNone; root = Vm.Roots.After(root))
        {
            bool isSeen = filter == RootFilter.All || !Vm.Strategy.IsInvalid(root);
            if (isSeen && tables.ZapTable(root, gfn, hold, Vm.Strategy as IZapHooks)) taken++;
        }
        if (taken > 0) Flush();
        Vm.Machine.ExitRcu(Vm.Rcu);
        return taken;
    }
}

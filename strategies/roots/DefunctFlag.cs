using Lab.Mmu;

namespace Lab.Strategies.Roots;

/// <summary><b>Idea.</b> A put that drops the last reference of a valid root marks it invalid and <em>defunct</em>, raises the
/// count back to one and lets a worker zap and put it. The flag tells a fast zap which invalid roots it never gifted a reference
/// to.</summary>
/// <remarks>
/// <b>Source.</b> v2 24/30 and 26/30 of "KVM: x86/mmu: Overhaul TDP MMU zapping and flushing", 2021-12-23. Work goes to the
/// system queue and holds a reference to the VM; once the VM is dying the putter zaps inline and puts again.
/// <para><b>Runs beside.</b> Puts hold mmu_lock in either mode; loads hold it exclusive; the worker and the fast zap's second
/// half hold it shared. Fence A (after the count reached zero) pairs with B (before the count is raised): a later putter that
/// reaches zero again sees the root invalid. B pairs with C (after the fast zap's get): who got a reference sees the flag.</para>
/// <para><b>On return.</b> A put has zapped nothing yet. A fast zap has itself walked every invalid root, defunct ones too; a
/// worker may still be inside a subtree that it detached (invariant I7 does not hold; nothing is written back there, so no access
/// goes wrong).</para>
/// <para><b>Pays.</b> The worker for defunct roots, and the fast zap a second time for those it meets.</para>
/// </remarks>
[Strategy("defunct-flag", Code = "S2",
    Idea = "a defunct flag tells a fast zap which invalid roots carry no gift; put defers to the system queue",
    Source = "v2 24/30 and 26/30, 2021-12-23")]
public class DefunctFlag<TMachine> : RootStrategy<TMachine>
    where TMachine : struct, IMachine
{
    /// <summary>Bit of the root's flags: it became invalid because its last reference was put. Written while the count is
    /// zero.</summary>
    private const ulong Defunct = 1;

    private readonly WorkQueue _systemQueue;

    public DefunctFlag(Vm<TMachine> vm) : base(vm) => _systemQueue = vm.NewWorkQueue("events", ZapRootWork);

    public override bool? KeepsRoots => false;

    protected override ZapPasses Passes => ZapPasses.Root;

    public override TdpRoot GetVcpuRoot(Vcpu<TMachine> vcpu, RootRole role, MmuHold hold) =>
        FindOrCreateRoot(vcpu, role, count: 1);

    public override void Put(TdpRoot root, MmuHold hold)
    {
        if (Decrement(root, hold) != 0) return;
        Machine.FullFence(); // A
        Vm.Pause(PausePoint.PutEdge);
        if (IsInvalid(root))
        {
            // Zapped already, by whoever marked it.
            UnlinkAndFree(root);
            return;
        }
        Invalidate(root);
        MarkDefunct(root);
        Machine.FullFence(); // B
        Machine.StoreRelaxed(ref root.Count, 1);
        if (!Vm.IsDying)
        {
            HandOver(root, _systemQueue);
            return;
        }
        ZapRoot(root, hold);
        Put(root, hold);
    }

    public override void InvalidateAllRoots(ExclusiveHold hold)
    {
        for (TdpRoot root = Vm.Roots.First; !root.IsNone; root = Vm.Roots.After(root))
        {
            if (IsDefunct(root)) continue;
            TryGet(root);
            Invalidate(root);
        }
    }

    public override void ZapInvalidatedRoots()
    {
        SharedHold hold = Vm.EnterShared();
        for (TdpRoot root = NextRoot(TdpRoot.None, RootFilter.InvalidOnly, hold); !root.IsNone;
             root = NextRoot(root, RootFilter.InvalidOnly, hold))
        {
            ZapRoot(root, hold);
            Machine.FullFence(); // C
            if (!IsDefunct(root)) Put(root, hold);
        }
        Vm.Exit(hold);
    }

    public override void AwaitVmReferences() => Machine.Flush(_systemQueue);

    protected override void DisposeOwned() => _systemQueue.Dispose();

    /// <summary>Between the two fences of a put, while the count is zero and nobody else can have the root.</summary>
    protected virtual void MarkDefunct(TdpRoot root) => Machine.StoreRelaxed(ref root.Flags, Defunct);

    /// <summary>True if the invalid root carries no gift of a fast zap.</summary>
    protected virtual bool IsDefunct(TdpRoot root) => (Machine.LoadRelaxed(ref root.Flags) & Defunct) != 0;
}

using Lab.Mmu;

namespace Lab.Strategies.Roots.Broken;

/// <summary>
/// <b>Idea.</b> As <c>defunct-flag</c> but without the flag: the last put of a valid root marks it invalid, raises the count to one and queues a
/// worker; a fast zap puts a reference on every invalid root it meets.
/// </summary>
/// <remarks>
/// <b>Source.</b> v3 20/28 and 22/28 of "KVM: x86/mmu: Overhaul TDP MMU zapping and flushing", 2022-02-26.
/// <para><b>Wrong because.</b> A root that becomes invalid after the fast zap took its gifts has one reference and two putters: the worker and the fast zap
/// (reference 3.2). With one vCPU it takes a root that is loaded and put between the fast zap's two halves; head insertion hides it
/// otherwise (3.4). Sean Christopherson found it in the mail of 2022-03-02, not by a test.</para>
/// <para><b>Runs beside, on return, pays.</b> As <c>defunct-flag</c>.</para>
/// </remarks>
[Strategy("async-put", Code = "S3", Status = StrategyStatus.Broken, Idea = "v3: put queues a worker, and a fast zap puts every invalid root it meets",
    Source = "v3 20/28 and 22/28, 2022-02-26",
    Breaks = "I1, I3: double put; needs a root loaded and put between a fast zap's halves (root-toggle, 1 vCPU, --pause fast-zap=200us)")]
public sealed class AsyncPut<TMachine> : RootStrategy<TMachine>
    where TMachine : struct, IMachine
{
    private readonly WorkQueue _systemQueue;

    public AsyncPut(Vm<TMachine> vm)
        : base(vm) => _systemQueue = vm.NewWorkQueue("events", ZapRootWork);

    protected override ZapPasses Passes => ZapPasses.Root;

    public override TdpRoot GetVcpuRoot(Vcpu<TMachine> vcpu, RootRole role, MmuHold hold)
    {
        TdpRoot root = FindRoot(role);
        return root.IsNone ? CreateRoot(vcpu, role, count: 1) : root;
    }

    public override void Put(TdpRoot root, MmuHold hold)
    {
        if (Drop(root, hold) != 0) return;
        Machine.FullFence();
        Vm.Pause(PausePoint.PutEdge);
        if (IsInvalid(root))
        {
            UnlinkAndFree(root);
            return;
        }
        Invalidate(root);
        Machine.FullFence();
        Machine.StoreRelaxed(ref root.Count, 1);
        if (!Vm.IsDying)
        {
            Vm.Queue(_systemQueue, root);
            return;
        }
        ZapRoot(root, hold);
        Put(root, hold);
    }

    public override void InvalidateAllRoots(ExclusiveHold hold)
    {
        for (TdpRoot root = Vm.Roots.First; !root.IsNone; root = Vm.Roots.After(root))
        {
            TryGet(root);
            Invalidate(root);
        }
    }

    public override void ZapInvalidatedRoots()
    {
        SharedHold hold = Vm.EnterShared();
        for (TdpRoot root = NextRoot(TdpRoot.None, RootFilter.InvalidOnly, hold); !root.IsNone && !Vm.Oracle.IsBugged;
             root = NextRoot(root, RootFilter.InvalidOnly, hold))
        {
            ZapRoot(root, hold);
            // The fault: not every invalid root carries a gift.
            Put(root, hold);
        }
        Vm.Exit(hold);
    }

    public override void AwaitVmReferences() => Machine.Flush(_systemQueue);

    protected override void DisposeOwned() => _systemQueue.Dispose();

    private void ZapRootWork(TdpRoot root)
    {
        SharedHold hold = Vm.EnterShared();
        ZapRoot(root, hold);
        Put(root, hold);
        Vm.Exit(hold);
    }
}

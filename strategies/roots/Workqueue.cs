using Lab.Mmu;

namespace Lab.Strategies.Roots;

/// <summary><b>Idea.</b> Every edge from valid to invalid, be it by a fast zap or by the last put, queues exactly one work item
/// that owns exactly one reference. A fast zap is then: mark, queue, flush the VM's own queue. The queue is the list of
/// invalidated roots.</summary>
/// <remarks>
/// <b>Source.</b> Linux 5.18–6.3: kvm_tdp_mmu_put_root, tdp_mmu_zap_root_work, kvm_tdp_mmu_invalidate_all_roots (5.19.17).
/// Commits "Zap invalidated roots via asynchronous worker", efd995dae5eb, 614f6970aa70.
/// <para><b>Runs beside.</b> Loads hold mmu_lock exclusive, puts either mode, the worker shared. The flush holds no MMU lock, or
/// the worker could not run; slots_lock is held across it and the worker never takes it.</para>
/// <para><b>On return.</b> A put has zapped nothing. A fast zap has waited for every item queued before its flush, unrelated ones
/// included.</para>
/// <para><b>Pays.</b> The workers, at their own priority and on their own processor; a fast zap waits for work it did not
/// cause.</para>
/// </remarks>
[Strategy("workqueue", Code = "S6", Idea = "each valid→invalid edge queues one item that owns one reference; a fast zap flushes "
    + "the per-VM queue", Source = "Linux 5.18–6.3")]
public class Workqueue<TMachine> : RootStrategy<TMachine>
    where TMachine : struct, IMachine
{
    public Workqueue(Vm<TMachine> vm) : base(vm) => Queue = vm.NewWorkQueue("kvm", ZapRootWork);

    protected WorkQueue Queue { get; }

    public override bool? KeepsRoots => false;

    public override TdpRoot GetVcpuRoot(Vcpu<TMachine> vcpu, RootRole role, MmuHold hold) =>
        FindOrCreateRoot(vcpu, role, count: 1);

    public override void Put(TdpRoot root, MmuHold hold)
    {
        if (Decrement(root, hold) != 0) return;
        // At zero every get fails, so this thread owns the root alone until it raises the count.
        Vm.Pause(PausePoint.PutEdge);
        if (ExchangeInvalid(root))
        {
            // Writers that run while the worker yields must not see a linked root at zero. The reference is the worker's.
            Machine.StoreRelaxed(ref root.Count, 1);
            Schedule(root);
            return;
        }
        UnlinkAndFree(root);
    }

    public override void InvalidateAllRoots(ExclusiveHold hold)
    {
        for (TdpRoot root = Vm.Roots.First; !root.IsNone; root = Vm.Roots.After(root))
        {
            // A root that is invalid already was queued on its own edge; queued twice it would run once, and a reference would be
            // lost.
            if (IsInvalid(root)) continue;
            TryGet(root);
            Invalidate(root);
            Schedule(root);
        }
    }

    public override void ZapInvalidatedRoots() => Machine.Flush(Queue);

    /// <summary>destroy_workqueue: drains, then ends the workers.</summary>
    public override void Destroy()
    {
        Machine.Flush(Queue);
        Queue.Dispose();
    }

    protected override void DisposeOwned() => Queue.Dispose();

    /// <summary>Queues the root for the worker, which is handed one reference. Under mmu_lock.</summary>
    protected void Schedule(TdpRoot root) => HandOver(root, Queue);
}

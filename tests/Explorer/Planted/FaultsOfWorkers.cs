using Lab.Mmu;

namespace Lab.Tests.Explorer.Planted;

/// <summary>Returns without waiting for its worker.</summary>
[Strategy("p-no-flush", Status = StrategyStatus.Broken, Idea = "the queue is not flushed",
    Source = "planted", Breaks = "I6")]
public sealed class NoFlush<TMachine>(Vm<TMachine> vm) : WorkerZaps<TMachine>(vm)
    where TMachine : struct, IMachine
{
    public override void ZapInvalidatedRoots() { }
}

/// <summary>Queues without a reference for the item.</summary>
[Strategy("p-queues-bare", Status = StrategyStatus.Broken, Idea = "the item has no reference",
    Source = "planted", Breaks = "I10")]
public sealed class QueuesBare<TMachine>(Vm<TMachine> vm) : WorkerZaps<TMachine>(vm)
    where TMachine : struct, IMachine
{
    protected override void Mark(TdpRoot root)
    {
        if (Invalidate(root)) Vm.Queue(Queue, root);
    }
}

/// <summary>Queues invalid roots again.</summary>
[Strategy("p-requeues", Status = StrategyStatus.Broken, Idea = "a root is queued by each fast zap",
    Source = "planted", Breaks = "I10")]
public sealed class Requeues<TMachine>(Vm<TMachine> vm) : WorkerZaps<TMachine>(vm)
    where TMachine : struct, IMachine
{
    protected override void Mark(TdpRoot root)
    {
        if (!TryGet(root)) return;
        Invalidate(root);
        Vm.Queue(Queue, root);
    }
}

/// <summary>The put queues and forgets that its reference was dropped.</summary>
[Strategy("p-queues-at-zero", Status = StrategyStatus.Broken, Idea = "the item's root has count zero",
    Source = "planted", Breaks = "I10, I14")]
public sealed class QueuesAtZero<TMachine>(Vm<TMachine> vm) : WorkerZaps<TMachine>(vm)
    where TMachine : struct, IMachine
{
    public override void Put(TdpRoot root, MmuHold hold)
    {
        if (Decrement(root, hold) != 0) return;
        if (ExchangeInvalid(root)) Vm.Queue(Queue, root);
        else UnlinkAndFree(root);
    }
}

/// <summary>The worker looks at the root after its put.</summary>
[Strategy("p-worker-looks-back", Status = StrategyStatus.Broken, Idea = "the worker uses the root after its put",
    Source = "planted", Breaks = "I3")]
public sealed class WorkerLooksBack<TMachine>(Vm<TMachine> vm) : WorkerZaps<TMachine>(vm)
    where TMachine : struct, IMachine
{
    protected override void Work(TdpRoot root)
    {
        base.Work(root);
        Machine.StoreRelaxed(ref root.Flags, 0);
    }
}

/// <summary>Flushes while it holds mmu_lock, which the worker needs.</summary>
[Strategy("p-flush-under-lock", Status = StrategyStatus.Broken, Idea = "flushes under the exclusive hold",
    Source = "planted", Breaks = "deadlock")]
public sealed class FlushUnderLock<TMachine>(Vm<TMachine> vm) : WorkerZaps<TMachine>(vm)
    where TMachine : struct, IMachine
{
    public override void ZapInvalidatedRoots()
    {
        ExclusiveHold hold = Vm.EnterExclusive();
        Machine.Flush(Queue);
        Vm.Exit(hold);
    }
}

/// <summary>The VM goes while the worker is busy.</summary>
[Strategy("p-destroy-beside-worker", Status = StrategyStatus.Broken, Idea = "nobody waits for the worker at the end",
    Source = "planted", Breaks = "I16")]
public sealed class DestroyBesideWorker<TMachine>(Vm<TMachine> vm) : WorkerZaps<TMachine>(vm)
    where TMachine : struct, IMachine
{
    public override void Destroy() { }
}

/// <summary>Walks the list without a section while the worker frees roots.</summary>
[Strategy("p-walk-without-section", Status = StrategyStatus.Broken, Idea = "the walk stands on a freed root",
    Source = "planted", Breaks = "I3")]
public sealed class WalkWithoutSection<TMachine>(Vm<TMachine> vm) : WorkerZaps<TMachine>(vm)
    where TMachine : struct, IMachine
{
    public override void Destroy()
    {
        for (TdpRoot root = Vm.Roots.First; !root.IsNone; root = Vm.Roots.After(root)) Machine.Load(ref root.Flags);
        base.Destroy();
    }
}

/// <summary>The worker takes mmu_lock exclusive for the put only, and zaps before without any.</summary>
[Strategy("p-worker-without-lock", Status = StrategyStatus.Broken, Idea = "the worker zaps without mmu_lock",
    Source = "planted", Breaks = "I4")]
public sealed class WorkerWithoutLock<TMachine>(Vm<TMachine> vm) : WorkerZaps<TMachine>(vm)
    where TMachine : struct, IMachine
{
    protected override void Work(TdpRoot root)
    {
        SharedHold pretended = default;
        ZapRoot(root, pretended, mayYield: false);
        Put(root, pretended);
    }
}

using Lab.Mmu;

namespace Lab.Tests.Explorer.Planted;

/// <summary>The MMU owns a reference to each root until the fast zap that invalidated it has zapped it; its caller zaps. vCPUs
/// load and put under the exclusive hold.</summary>
[Strategy("s-caller-zaps", Idea = "the MMU's reference, put by the fast zap's caller", Source = "for the tests")]
public class CallerZaps<TMachine>(Vm<TMachine> vm) : RootStrategy<TMachine>(vm)
    where TMachine : struct, IMachine
{
    /// <summary>Bit of the root's flags: the present fast zap zaps it and puts the MMU's reference.</summary>
    protected const ulong Marked = 1;

    public override TdpRoot GetVcpuRoot(Vcpu<TMachine> vcpu, RootRole role, MmuHold hold) =>
        FindOrCreateRoot(vcpu, role, count: 2);

    public override void Put(TdpRoot root, MmuHold hold)
    {
        if (Decrement(root, hold) == 0) UnlinkAndFree(root);
    }

    public override void InvalidateAllRoots(ExclusiveHold hold)
    {
        for (TdpRoot root = Vm.Roots.First; !root.IsNone; root = Vm.Roots.After(root)) Mark(root);
    }

    public override void ZapInvalidatedRoots()
    {
        SharedHold hold = Vm.EnterShared();
        for (TdpRoot root = NextRoot(TdpRoot.None, RootFilter.All, hold); !root.IsNone;
             root = NextRoot(root, RootFilter.All, hold))
        {
            if (IsMarked(root)) ZapMarked(root, hold);
        }
        Vm.Exit(hold);
    }

    public override void Destroy()
    {
        ExclusiveHold hold = Vm.EnterExclusive();
        InvalidateAllRoots(hold);
        Vm.Exit(hold);
        ZapInvalidatedRoots();
    }

    /// <summary>What a fast zap does with each root in its exclusive section.</summary>
    protected virtual void Mark(TdpRoot root)
    {
        if (Invalidate(root)) Machine.StoreRelaxed(ref root.Flags, Marked);
    }

    protected bool IsMarked(TdpRoot root) => (Machine.LoadRelaxed(ref root.Flags) & Marked) != 0;

    protected virtual void ZapMarked(TdpRoot root, SharedHold hold)
    {
        Machine.StoreRelaxed(ref root.Flags, 0);
        ZapRoot(root, hold);
        Put(root, hold);
    }
}

/// <summary>The same with roots loaded and put under the shared hold.</summary>
[Strategy("s-shared-loads", Idea = "as s-caller-zaps, loads and puts under the shared hold", Source = "for the tests")]
public class SharedLoads<TMachine>(Vm<TMachine> vm) : CallerZaps<TMachine>(vm)
    where TMachine : struct, IMachine
{
    public override bool LoadsRootsShared => true;

    public override TdpRoot GetVcpuRoot(Vcpu<TMachine> vcpu, RootRole role, MmuHold hold)
    {
        Machine.Enter(Vm.Roots.PagesLock);
        TdpRoot root = FindRoot(role);
        if (root.IsNone)
        {
            root = Vm.Mmu.CreateRoot(vcpu.Tables, role);
            if (!root.IsNone)
            {
                Machine.StoreRelaxed(ref root.Count, 2);
                Vm.Roots.Add(root);
            }
        }
        Machine.Exit(Vm.Roots.PagesLock);
        return root;
    }
}

/// <summary>Roots belong to their vCPUs alone. Who puts the last reference takes it back, invalidates, zaps with yields and puts
/// again; a fast zap walks the list with references of its own and zaps what it finds. What others here are made from; by itself
/// not sound: a fast zap passes over a root whose last putter has not yet taken it back.</summary>
[Strategy("p-last-put-zaps", Status = StrategyStatus.Broken, Idea = "the last putter revives, zaps with yields and puts again",
    Source = "for the tests", Breaks = "I6")]
public class LastPutZaps<TMachine>(Vm<TMachine> vm) : RootStrategy<TMachine>(vm)
    where TMachine : struct, IMachine
{
    public override TdpRoot GetVcpuRoot(Vcpu<TMachine> vcpu, RootRole role, MmuHold hold) =>
        FindOrCreateRoot(vcpu, role, count: 1);

    public override void Put(TdpRoot root, MmuHold hold)
    {
        for (bool isZapped = false; Decrement(root, hold) == 0; isZapped = true)
        {
            if (isZapped)
            {
                UnlinkAndFree(root);
                return;
            }
            // Also where a fast zap has marked it: whether that has zapped it is not known here.
            ExchangeInvalid(root);
            Machine.StoreRelaxed(ref root.Count, 1);
            ZapRoot(root, hold);
        }
    }

    public override void InvalidateAllRoots(ExclusiveHold hold)
    {
        for (TdpRoot root = Vm.Roots.First; !root.IsNone; root = Vm.Roots.After(root)) Mark(root);
    }

    /// <summary>All of them, also those that somebody else is zapping: what is left of them is nothing on return.</summary>
    public override void ZapInvalidatedRoots()
    {
        SharedHold hold = Vm.EnterShared();
        for (TdpRoot root = NextRoot(TdpRoot.None, RootFilter.InvalidOnly, hold); !root.IsNone;
             root = NextRoot(root, RootFilter.InvalidOnly, hold))
        {
            ZapInvalid(root, hold);
        }
        Vm.Exit(hold);
    }

    /// <summary>What a fast zap does with each root in its exclusive section.</summary>
    protected virtual void Mark(TdpRoot root) => Invalidate(root);

    /// <summary>What it does later with each invalid one.</summary>
    protected virtual void ZapInvalid(TdpRoot root, SharedHold hold) => ZapRoot(root, hold);
}

/// <summary>A worker zaps; whoever makes a root invalid queues it once with a reference, and a fast zap flushes.</summary>
[Strategy("s-worker-zaps", Idea = "one item for each edge from valid to invalid", Source = "for the tests")]
public class WorkerZaps<TMachine> : RootStrategy<TMachine>
    where TMachine : struct, IMachine
{
    public WorkerZaps(Vm<TMachine> vm) : base(vm) => Queue = vm.NewWorkQueue("zap", Work);

    protected WorkQueue Queue { get; }

    public override TdpRoot GetVcpuRoot(Vcpu<TMachine> vcpu, RootRole role, MmuHold hold) =>
        FindOrCreateRoot(vcpu, role, count: 1);

    public override void Put(TdpRoot root, MmuHold hold)
    {
        if (Decrement(root, hold) != 0) return;
        if (!ExchangeInvalid(root))
        {
            UnlinkAndFree(root);
            return;
        }
        Machine.StoreRelaxed(ref root.Count, 1);
        Enqueue(root);
    }

    public override void InvalidateAllRoots(ExclusiveHold hold)
    {
        for (TdpRoot root = Vm.Roots.First; !root.IsNone; root = Vm.Roots.After(root)) Mark(root);
    }

    public override void ZapInvalidatedRoots() => Machine.Flush(Queue);

    public override void Destroy() => Machine.Flush(Queue);

    /// <summary>What a fast zap does with each root in its exclusive section.</summary>
    protected virtual void Mark(TdpRoot root)
    {
        if (!IsInvalid(root) && TryGet(root) && Invalidate(root)) Enqueue(root);
    }

    protected virtual void Enqueue(TdpRoot root) => Vm.Queue(Queue, root);

    protected virtual void Work(TdpRoot root) => ZapRootWork(root);

    protected override void DisposeOwned() => Queue.Dispose();
}

/// <summary>A fast zap zaps in the exclusive section in which it marks, without yielding.</summary>
[Strategy("s-inline", Idea = "zaps where it invalidates", Source = "for the tests")]
public class Inline<TMachine>(Vm<TMachine> vm) : RootStrategy<TMachine>(vm)
    where TMachine : struct, IMachine
{
    public override TdpRoot GetVcpuRoot(Vcpu<TMachine> vcpu, RootRole role, MmuHold hold) =>
        FindOrCreateRoot(vcpu, role, count: 1);

    public override void Put(TdpRoot root, MmuHold hold)
    {
        if (Decrement(root, hold) != 0 || !Unlink(root)) return;
        ZapRoot(root, hold, mayYield: false);
        Vm.Mmu.FreeRoot(root);
    }

    public override void InvalidateAllRoots(ExclusiveHold hold)
    {
        for (TdpRoot root = Vm.Roots.First; !root.IsNone; root = Vm.Roots.After(root))
        {
            if (Invalidate(root)) ZapRoot(root, hold, mayYield: false);
        }
    }

    public override void ZapInvalidatedRoots() { }
}

/// <summary>A list of its own through the roots, under a lock of its own; drained by fast zaps, which keep each other out by
/// slots_lock.</summary>
[Strategy("s-own-list", Idea = "gifted roots on a list under a lock", Source = "for the tests")]
public class OwnList<TMachine>(Vm<TMachine> vm) : CallerZaps<TMachine>(vm)
    where TMachine : struct, IMachine
{
    private readonly TicketLock _lock = new("own list");
    private TdpRoot _head;

    public override void ZapInvalidatedRoots()
    {
        SharedHold hold = Vm.EnterShared();
        for (TdpRoot root = Pop(); !root.IsNone; root = Pop()) ZapPopped(root, hold);
        Vm.Exit(hold);
    }

    protected override void Mark(TdpRoot root)
    {
        if (Invalidate(root)) Push(root);
    }

    protected virtual void ZapPopped(TdpRoot root, SharedHold hold)
    {
        ZapRoot(root, hold);
        Put(root, hold);
    }

    protected override void DisposeOwned() => _lock.Dispose();

    protected virtual void Push(TdpRoot root)
    {
        Machine.Enter(_lock);
        Machine.StoreRelaxed(ref root.OwnNext, _head.AsWord);
        _head = root;
        Machine.Exit(_lock);
    }

    protected virtual TdpRoot Pop()
    {
        Machine.Enter(_lock);
        TdpRoot root = _head;
        if (!root.IsNone) _head = TdpRoot.FromWord(Machine.LoadRelaxed(ref root.OwnNext));
        Machine.Exit(_lock);
        return root;
    }
}

/// <summary>Two vCPUs keep each other out of the making of a root by Peterson's algorithm (1981), on words of the strategy's
/// own.</summary>
[Strategy("s-peterson", Idea = "loads exclude each other by plain words and a fence", Source = "for the tests")]
public class Peterson<TMachine> : SharedLoads<TMachine>
    where TMachine : struct, IMachine
{
    private readonly SharedWord[] _wants;
    private readonly SharedWord _gives;

    public Peterson(Vm<TMachine> vm) : base(vm)
    {
        _wants = [vm.NewWord("vcpu0 wants"), vm.NewWord("vcpu1 wants")];
        _gives = vm.NewWord("gives way");
    }

    public override TdpRoot GetVcpuRoot(Vcpu<TMachine> vcpu, RootRole role, MmuHold hold)
    {
        int me = vcpu.Index & 1;
        Machine.Store(ref _wants[me].Value, 1);
        Machine.Store(ref _gives.Value, (ulong)me);
        Fence();
        Backoff backoff = default;
        while (Machine.Load(ref _wants[1 - me].Value) != 0 && Machine.Load(ref _gives.Value) == (ulong)me)
        {
            Machine.Relax(ref backoff);
        }
        // Others unlink roots and free them while this walks the list.
        Machine.EnterRcu(Vm.Rcu);
        TdpRoot root = FindRoot(role);
        Machine.ExitRcu(Vm.Rcu);
        if (root.IsNone) root = CreateRoot(vcpu, role, count: 2);
        Machine.Store(ref _wants[me].Value, 0);
        return root;
    }

    /// <summary>The store is in memory before the load that follows.</summary>
    protected virtual void Fence() => Machine.FullFence();
}

/// <summary>Two that claim a word each give way and try again: whoever is left alone gets it.</summary>
[Strategy("s-gives-way", Idea = "a fast zap and a put claim a word and give way", Source = "for the tests")]
public sealed class GivesWay<TMachine> : CallerZaps<TMachine>
    where TMachine : struct, IMachine
{
    private readonly SharedWord _claims;

    public GivesWay(Vm<TMachine> vm) : base(vm) => _claims = vm.NewWord("claims");

    public override void Put(TdpRoot root, MmuHold hold)
    {
        Claim(2);
        base.Put(root, hold);
    }

    public override void ZapInvalidatedRoots()
    {
        Claim(1);
        base.ZapInvalidatedRoots();
    }

    private void Claim(ulong mine)
    {
        Backoff backoff = default;
        Machine.Or(ref _claims.Value, mine);
        while (Machine.Load(ref _claims.Value) != mine)
        {
            Machine.And(ref _claims.Value, ~mine);
            Machine.Relax(ref backoff);
            Machine.Or(ref _claims.Value, mine);
        }
        Machine.And(ref _claims.Value, ~mine);
    }
}

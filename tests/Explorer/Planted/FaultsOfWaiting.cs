using Lab.Mmu;

namespace Lab.Tests.Explorer.Planted;

/// <summary>Begins again as long as there is an invalid root, also one that is zapped and that a vCPU still holds.</summary>
[Strategy("p-rezaps", Status = StrategyStatus.Broken, Idea = "zaps until no invalid root is left",
    Source = "planted", Breaks = "livelock")]
public class Rezaps<TMachine>(Vm<TMachine> vm) : CallerZaps<TMachine>(vm)
    where TMachine : struct, IMachine
{
    public override void ZapInvalidatedRoots()
    {
        Backoff backoff = default;
        while (true)
        {
            SharedHold hold = Vm.EnterShared();
            TdpRoot root = NextRoot(TdpRoot.None, RootFilter.InvalidOnly, hold);
            if (!root.IsNone)
            {
                if (IsMarked(root)) ZapMarked(root, hold);
                Put(root, hold);
            }
            Vm.Exit(hold);
            if (root.IsNone) return;
            EndTurn(ref backoff);
        }
    }

    protected virtual void EndTurn(ref Backoff backoff) => Machine.Relax(ref backoff);
}

/// <summary>The same, and it does not say that it waits.</summary>
[Strategy("p-rezaps-silently", Status = StrategyStatus.Broken, Idea = "zaps until no invalid root is left, without relaxing",
    Source = "planted", Breaks = "livelock")]
public sealed class RezapsSilently<TMachine>(Vm<TMachine> vm) : Rezaps<TMachine>(vm)
    where TMachine : struct, IMachine
{
    protected override void EndTurn(ref Backoff backoff) { }
}

/// <summary>A fast zap claims a word until the vCPUs have left its roots; a put takes the claim away and waits until nobody makes
/// it again. Each turn of the one undoes one of the other.</summary>
[Strategy("p-ping-pong", Status = StrategyStatus.Broken, Idea = "two threads that undo each other's step",
    Source = "planted", Breaks = "livelock")]
public class PingPong<TMachine> : CallerZaps<TMachine>
    where TMachine : struct, IMachine
{
    public PingPong(Vm<TMachine> vm) : base(vm) => Claim = vm.NewWord("claim");

    protected SharedWord Claim { get; }

    public override void Put(TdpRoot root, MmuHold hold)
    {
        Backoff backoff = default;
        while (TakesAway()) Machine.Relax(ref backoff);
        base.Put(root, hold);
    }

    public override void ZapInvalidatedRoots()
    {
        Backoff backoff = default;
        for (TdpRoot root = Vm.Roots.First; !root.IsNone && Machine.Load(ref root.Count) > 1;)
        {
            Machine.Exchange(ref Claim.Value, 1);
            Machine.Relax(ref backoff);
        }
        base.ZapInvalidatedRoots();
    }

    /// <summary>False if there was none.</summary>
    protected virtual bool TakesAway() => Machine.Exchange(ref Claim.Value, 0) != 0;
}

/// <summary>The put makes a claim of its own, and looks again: there is always one who can go on.</summary>
[Strategy("p-ping-pong-claims", Status = StrategyStatus.Broken, Idea = "two threads that overwrite each other's claim",
    Source = "planted", Breaks = "livelock")]
public sealed class PingPongClaims<TMachine>(Vm<TMachine> vm) : PingPong<TMachine>(vm)
    where TMachine : struct, IMachine
{
    protected override bool TakesAway()
    {
        if (Machine.Load(ref Claim.Value) == 0) return false;
        Machine.Store(ref Claim.Value, 2);
        return true;
    }
}

/// <summary>Waits under mmu_lock until the vCPUs have left their roots.</summary>
[Strategy("p-waits-under-lock", Status = StrategyStatus.Broken, Idea = "waits for vCPUs under the lock that they need",
    Source = "planted", Breaks = "deadlock")]
public sealed class WaitsUnderLock<TMachine>(Vm<TMachine> vm) : CallerZaps<TMachine>(vm)
    where TMachine : struct, IMachine
{
    protected override void ZapMarked(TdpRoot root, SharedHold hold)
    {
        Backoff backoff = default;
        while (Machine.Load(ref root.Count) > 2) Machine.Relax(ref backoff);
        base.ZapMarked(root, hold);
    }
}

/// <summary>Takes its own lock and the pages lock in both orders.</summary>
[Strategy("p-crosswise", Status = StrategyStatus.Broken, Idea = "two locks in two orders",
    Source = "planted", Breaks = "deadlock")]
public sealed class Crosswise<TMachine>(Vm<TMachine> vm) : CallerZaps<TMachine>(vm)
    where TMachine : struct, IMachine
{
    private readonly TicketLock _own = new("own");

    public override TdpRoot GetVcpuRoot(Vcpu<TMachine> vcpu, RootRole role, MmuHold hold)
    {
        Machine.Enter(_own);
        TdpRoot root = base.GetVcpuRoot(vcpu, role, hold);
        Machine.Exit(_own);
        return root;
    }

    public override void ZapInvalidatedRoots()
    {
        Machine.Enter(Vm.Roots.PagesLock);
        Machine.Enter(_own);
        Machine.Exit(_own);
        Machine.Exit(Vm.Roots.PagesLock);
        base.ZapInvalidatedRoots();
    }

    protected override void DisposeOwned() => _own.Dispose();
}

/// <summary>Peterson's algorithm as it stands in the books: the load overtakes the store.</summary>
[Strategy("p-no-fence", Status = StrategyStatus.Broken, Idea = "store, then load, without a fence",
    Source = "planted", Breaks = "I13 with store buffers")]
public sealed class NoFence<TMachine>(Vm<TMachine> vm) : Peterson<TMachine>(vm)
    where TMachine : struct, IMachine
{
    protected override void Fence() { }
}

/// <summary>Spins on a plain field under a lock that who would set it needs.</summary>
[Strategy("p-spins-on-field", Status = StrategyStatus.Broken, Idea = "waits for a plain field under a lock",
    Source = "planted", Breaks = "deadlock")]
public sealed class SpinsOnField<TMachine>(Vm<TMachine> vm) : CallerZaps<TMachine>(vm)
    where TMachine : struct, IMachine
{
    private readonly TicketLock _lock = new("own");
    private bool _isSet;

    public override void Put(TdpRoot root, MmuHold hold)
    {
        base.Put(root, hold);
        Machine.Enter(_lock);
        _isSet = true;
        Machine.Exit(_lock);
    }

    public override void InvalidateAllRoots(ExclusiveHold hold)
    {
        base.InvalidateAllRoots(hold);
        _isSet = false;
    }

    public override void ZapInvalidatedRoots()
    {
        Backoff backoff = default;
        Machine.Enter(_lock);
        while (!_isSet) Machine.Relax(ref backoff);
        Machine.Exit(_lock);
        base.ZapInvalidatedRoots();
    }

    protected override void DisposeOwned() => _lock.Dispose();
}

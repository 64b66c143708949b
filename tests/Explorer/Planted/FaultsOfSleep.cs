using Lab.Mmu;

namespace Lab.Tests.Explorer.Planted;

/// <summary>A fast zap sleeps until its worker has counted down what was queued.</summary>
[Strategy("s-sleeps", Idea = "a fast zap sleeps on a word that the worker counts down", Source = "for the tests")]
public class Sleeps<TMachine> : WorkerZaps<TMachine>
    where TMachine : struct, IMachine
{
    private readonly SharedWord _left;

    public Sleeps(Vm<TMachine> vm) : base(vm) => _left = vm.NewWord("left");

    protected ref ulong Left => ref _left.Value;

    public override void ZapInvalidatedRoots()
    {
        while (Machine.Load(ref Left) is var left and not 0) Await(left);
    }

    protected virtual void Await(ulong left) => Machine.AwaitChange(ref Left, left, "the worker");

    protected override void Enqueue(TdpRoot root)
    {
        Machine.Add(ref Left, 1);
        base.Enqueue(root);
    }

    protected override void Work(TdpRoot root)
    {
        base.Work(root);
        CountDown();
    }

    protected virtual void CountDown()
    {
        Machine.Add(ref Left, ulong.MaxValue);
        Machine.Wake(ref Left);
    }
}

/// <summary>The worker counts down and wakes nobody.</summary>
[Strategy("p-no-wake", Status = StrategyStatus.Broken, Idea = "nobody wakes the fast zap", Source = "planted",
    Breaks = "lost wake-up")]
public sealed class NoWake<TMachine>(Vm<TMachine> vm) : Sleeps<TMachine>(vm)
    where TMachine : struct, IMachine
{
    protected override void CountDown() => Machine.Add(ref Left, ulong.MaxValue);
}

/// <summary>The worker wakes before it has counted down.</summary>
[Strategy("p-wake-first", Status = StrategyStatus.Broken, Idea = "wakes, then changes the word", Source = "planted",
    Breaks = "lost wake-up")]
public sealed class WakesFirst<TMachine>(Vm<TMachine> vm) : Sleeps<TMachine>(vm)
    where TMachine : struct, IMachine
{
    protected override void CountDown()
    {
        Machine.Wake(ref Left);
        Machine.Add(ref Left, ulong.MaxValue);
    }
}

/// <summary>The fast zap sleeps while the word is what it finds when it goes to sleep, not what it decided on.</summary>
[Strategy("p-looks-again", Status = StrategyStatus.Broken, Idea = "the word is read again for the sleep", Source = "planted",
    Breaks = "lost wake-up")]
public sealed class LooksAgain<TMachine>(Vm<TMachine> vm) : Sleeps<TMachine>(vm)
    where TMachine : struct, IMachine
{
    protected override void Await(ulong left) => base.Await(Machine.Load(ref Left));
}

/// <summary>Leaves mmu_lock once more than it has taken it.</summary>
[Strategy("p-exit-twice", Status = StrategyStatus.Broken, Idea = "a hold that is left twice", Source = "planted",
    Breaks = "check")]
public sealed class ExitsTwice<TMachine>(Vm<TMachine> vm) : CallerZaps<TMachine>(vm)
    where TMachine : struct, IMachine
{
    public override void ZapInvalidatedRoots()
    {
        base.ZapInvalidatedRoots();
        Vm.Exit(default(SharedHold));
    }
}

/// <summary>Takes mmu_lock shared inside of its own shared section: between the two a writer may queue.</summary>
[Strategy("p-reads-again", Status = StrategyStatus.Broken, Idea = "a shared hold inside a shared hold", Source = "planted",
    Breaks = "deadlock")]
public sealed class ReadsAgain<TMachine>(Vm<TMachine> vm) : CallerZaps<TMachine>(vm)
    where TMachine : struct, IMachine
{
    protected override void ZapMarked(TdpRoot root, SharedHold hold)
    {
        SharedHold inner = Vm.EnterShared();
        base.ZapMarked(root, inner);
        Vm.Exit(inner);
    }
}

/// <summary>Waits for a grace period inside a section that it would have to end first.</summary>
[Strategy("p-waits-for-itself", Status = StrategyStatus.Broken, Idea = "a grace period in a section", Source = "planted",
    Breaks = "deadlock")]
public sealed class WaitsForItself<TMachine>(Vm<TMachine> vm) : CallerZaps<TMachine>(vm)
    where TMachine : struct, IMachine
{
    public override void ZapInvalidatedRoots()
    {
        Machine.EnterRcu(Vm.Rcu);
        Machine.Synchronize(Vm.Rcu);
        Machine.ExitRcu(Vm.Rcu);
        base.ZapInvalidatedRoots();
    }
}

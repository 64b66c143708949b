using Lab.Mmu;
using Lab.Strategies.Roots;

namespace Lab.Strategies.Bound;

/// <summary>A floor, not a strategy: <c>mainline</c> with all actors taking turns on one thread of a machine without atomics,
/// locks, grace periods and interrupts. What is left is the work on the tables.</summary>
[Strategy("one-thread", Status = StrategyStatus.Bound, Needs = StrategyNeeds.OneThread,
    Idea = "floor: mainline on one thread without any synchronisation", Source = "bound")]
public sealed class SingleThread<TMachine>(Vm<TMachine> vm) : Mainline<TMachine>(vm)
    where TMachine : struct, IMachine;

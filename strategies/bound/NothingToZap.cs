using Lab.Mmu;
using Lab.Strategies.Roots;

namespace Lab.Strategies.Bound;

/// <summary>A floor, not a strategy: <c>mainline</c> on a guest that touches nothing, so that an update finds nothing to zap.
/// What is left is the pipeline itself — locks, grace periods, the reload — which no way of zapping can beat.</summary>
[Strategy("nothing-to-zap", Status = StrategyStatus.Bound, Needs = StrategyNeeds.EmptyGuest,
    Idea = "floor: mainline on a guest that maps nothing", Source = "bound")]
public sealed class NothingToZap<TMachine>(Vm<TMachine> vm) : Mainline<TMachine>(vm)
    where TMachine : struct, IMachine;

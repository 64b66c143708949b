using Lab.Measure;
using Lab.Mmu;

namespace Lab.Workloads;

/// <summary>A VMM's thread that deletes a slot and creates it again. Timed: each delete, with its phases; creates are not
/// recorded.</summary>
public sealed class SlotDeleter<TMachine>(Vm<TMachine> vm, int slot, GfnRange range, double ratePerSecond)
    : WorkloadActor(vm.Machine, "updater", ActorRole.Updater)
    where TMachine : struct, IMachine
{
    private bool _exists = true;

    public override IReadOnlyList<string> Metrics { get; } = ["update"];

    public override IReadOnlyList<string> PhaseNames { get; } = [.. UpdatePhases.Names.Select(name => $"update.phase.{name}")];

    public override ReadOnlySpan<long> Phases => _exists ? default : vm.Slots.Phases.Nanoseconds;

    public override double RatePerSecond { get; } = ratePerSecond;

    public override void Prepare() => vm.Slots.SettleMemory();

    public override int Step()
    {
        _exists = !_exists;
        if (_exists)
        {
            vm.Slots.Create(slot, range, MemslotFlags.None);
            return -1;
        }
        vm.Slots.Delete(slot);
        return 0;
    }
}

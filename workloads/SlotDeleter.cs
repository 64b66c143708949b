using Lab.Measure;
using Lab.Mmu;

namespace Lab.Workloads;

/// <summary>A VMM's thread that deletes a slot and creates it again. Timed: each delete, with its phases; creates are not
/// recorded.</summary>
/// <param name="vm">Whose slot.</param>
/// <param name="slot">Its number.</param>
/// <param name="range">Where it is.</param>
/// <param name="ratePerSecond">Steps: a delete is one, its create another. Zero for a closed loop.</param>
/// <param name="refill">What a delete waits for, if anything.</param>
public class SlotDeleter<TMachine>(
    Vm<TMachine> vm, int slot, GfnRange range, double ratePerSecond, Refill<TMachine>? refill = null)
    : WorkloadActor(vm.Machine, "updater", ActorRole.Updater)
    where TMachine : struct, IMachine
{
    private bool _waits;

    public override IReadOnlyList<string> Metrics { get; } = ["update"];

    public override IReadOnlyList<string> PhaseNames { get; } = [.. UpdatePhases.Names.Select(name => $"update.phase.{name}")];

    public override ReadOnlySpan<long> Phases => Exists || _waits ? default : vm.Slots.Phases.Nanoseconds;

    public override double RatePerSecond { get; } = ratePerSecond;

    /// <summary>The slot is there.</summary>
    protected bool Exists { get; private set; } = true;

    /// <summary>Generations of the slot made by it.</summary>
    public ulong GenerationsMade { get; private set; }

    public override void Prepare()
    {
        vm.Slots.SettleMemory();
        _waits = !MayStep();
    }

    public override int Step()
    {
        if (_waits) return -1;
        if (Exists) refill?.Restart();
        Exists = !Exists;
        if (Exists)
        {
            vm.Slots.Create(slot, range, MemslotFlags.None);
            GenerationsMade++;
            return -1;
        }
        vm.Slots.Delete(slot);
        return 0;
    }

    /// <summary>Whether the next step has all that it wants; waits a moment for it.</summary>
    protected virtual bool MayStep() => !Exists || refill is null || refill.Await();
}

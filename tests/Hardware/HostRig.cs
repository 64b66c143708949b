using Lab.Hardware;
using Lab.Mmu;
using Lab.Strategies;
using Lab.Tests.Mmu;
using Lab.Tests.Strategies;

namespace Lab.Tests.Hardware;

/// <summary>A host with one VM on it: two small slots as in <see cref="ScriptedVm"/>, pieces of 64 KiB.</summary>
internal sealed class HostRig : IDisposable
{
    public const long ChunkBytes = 64 << 10;
    public const ulong ChunkFrames = 16;

    public HostRig(string strategy = "mainline", int vcpus = 1, bool userfault = false, int contexts = 8)
        : this(Catalogue.Named(strategy).Design<Metal>(), vcpus, userfault, contexts) { }

    public HostRig(Func<Vm<Metal>, RootStrategy<Metal>> roots, int vcpus = 1, bool userfault = false, int contexts = 8)
        : this(StrategyFixture.With(roots), vcpus, userfault, contexts) { }

    private HostRig(VmDesign<Metal> design, int vcpus, bool userfault, int contexts)
    {
        Host = new WindowHost(new HardwareSettings { ChunkBytes = ChunkBytes, Contexts = contexts, Userfault = userfault });
        VmSettings settings = new() { Vcpus = vcpus, MemoryBytes = 2 << 20 };
        Vm = new Vm<Metal>(default, settings, design with { Mmu = vm => Host.NewMmu(vm, SlotUpdates.Lab) });
        Vm.Slots.Create(0, ScriptedVm.Main, MemslotFlags.None);
        Vm.Slots.Create(1, ScriptedVm.Small, MemslotFlags.None);
    }

    public WindowHost Host { get; }

    public Vm<Metal> Vm { get; }

    public Vcpu<Metal> Vcpu => Vm.Vcpus[0];

    public WindowMmu<Metal> Mmu => (WindowMmu<Metal>)Vm.Mmu;

    public Window WindowOfVcpu => Mmu.WindowOf(Vcpu.Root)!;

    /// <summary>Pages of the window that have a PTE, by the kernel's word.</summary>
    public static long PresentIn(WindowHost host, Window window) => host.Presence.Count(window.Address, window.Bytes)!.Value;

    public void Dispose()
    {
        Vm.Dispose();
        Host.Dispose();
    }
}

using BenchmarkDotNet.Attributes;
using Lab.Mmu;

namespace Lab.Bench.Micro;

/// <summary>A reference to a root taken and dropped, per strategy: what every step of an iteration over the roots pays. The vCPU
/// holds a reference all the time, so the one dropped is never the last; what a last put costs is the workload
/// <c>last-put</c>.</summary>
public class RootBenchmarks
{
    private Vm<Metal> _vm = null!;
    private TdpRoot _root;
    private SharedHold _hold;

    public static IEnumerable<string> Strategies => StrategyVm.SoundNames;

    [ParamsSource(nameof(Strategies))]
    public string Strategy { get; set; } = "";

    [GlobalSetup]
    public void SetUp()
    {
        _vm = StrategyVm.Create(Strategy, new VmSettings { Vcpus = 1 });
        if (_vm.Vcpus[0].SwitchRole(RootRole.Normal) != ExitOutcome.Reloaded)
        {
            throw new InsufficientMemoryException("Out of table pages for a root.");
        }
        _root = _vm.Vcpus[0].Root;
        _hold = _vm.EnterShared();
    }

    [GlobalCleanup]
    public void CleanUp()
    {
        _vm.Exit(_hold);
        _vm.Destroy();
        int violations = _vm.Oracle.Count;
        _vm.Dispose();
        if (violations != 0) throw new InvalidOperationException(
            $"The VM of {Strategy} reported {violations} violations of its invariants.");
    }

    [Benchmark]
    public void GetPut()
    {
        if (_vm.Strategy.TryGet(_root)) _vm.Strategy.Put(_root, _hold);
    }
}

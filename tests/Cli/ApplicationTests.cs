using Lab.Application.Catalogue;
using Lab.Application.Measuring;
using Lab.Application.Settings;
using Lab.Results;
using Lab.Strategies;
using Lab.Tests.Results;
using Xunit;

namespace Lab.Tests.Cli;

/// <summary>The application without its command line: what a plug-in's author or a worker on a cluster calls.</summary>
public sealed class ApplicationTests
{
    [Fact]
    public void Measures_a_strategy_on_a_workload_into_a_run_folder_without_a_console()
    {
        using TemporaryFolder temporary = new();
        RunRequest request = RunRequest.Read(["--strategy", "workqueue", "--memory", "4MiB", "--vcpus", "1", "--duration",
            "100ms", "--warmup", "10ms", "--steady-limit", "0", "--watch", "off"]);
        Subject strategy = request.Strategies[0];
        WorkloadEntry workload = request.Workloads[0];
        MeasurementOutcome outcome = new OneMeasurement(strategy, workload, request, host: null, scope: null)
            .Run(observer: null, TestContext.Current.CancellationToken);
        RunFolder folder = RunFolder.Create(temporary.Path, ThisMachine.Manifest(request.Describe()));
        using (outcome.Window)
        {
            folder.Write(MeasurementRowsOf.Outcome(strategy, workload, request, run: 1, outcome, interrupted: false));
        }
        folder.Complete();

        RunRecord record = new RunStore(temporary.Path).Open(folder.Path);
        Assert.Equal(Verdict.Clean, Assert.Single(record.Manifest.Measurements).Verdict);
        Assert.Equal(1, Assert.Single(record.Counters, row => row.Counter == "vms_made").Value);
        Assert.Equal("4MiB", record.Manifest.Settings["memory"]);
    }
}

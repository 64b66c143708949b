using System.CommandLine;
using Lab.Application;
using Lab.Application.Measuring;
using Lab.Report;
using Lab.Report.Documents;
using Lab.Settings;

namespace Lab.Cli.Doctor;

/// <summary><c>lab doctor</c>: what this machine does to a measurement, and the commands that fix it.</summary>
internal static class DoctorCommand
{
    private static readonly TimeSpan NoiseLength = TimeSpan.FromSeconds(4);

    public static Command Build(LabConsole console)
    {
        Option<bool> quick = new("--quick") { Description = "skip the noise floor, which takes a few seconds" };
        Option<bool> strict = new("--strict") { Description = "exit with 5 if anything is bad" };
        Option<string> format = new("--format") { Description = "table or json", DefaultValueFactory = _ => "table" };
        Option<string> device =
            new("--kvm-device") { Description = "device of --mmu kvm", DefaultValueFactory = _ => "/dev/kvm" };
        Command command = new("doctor", "what this machine does to a measurement, and how to fix it");
        foreach (Option option in new Option[] { quick, strict, format, device }) command.Options.Add(option);
        command.SetAction(parsed => Verb.Guarded(console, () =>
        {
            bool json = Names.Choice("--format", parsed.GetValue(format) ?? "", ("table", false), ("json", true));
            string kvm = parsed.GetValue(device) is { Length: > 0 } path ? path
                : throw new UsageException("--kvm-device is empty; name the device, usually /dev/kvm.");
            bool isQuick = parsed.GetValue(quick);
            if (!isQuick && console.IsErrorTerminal)
            {
                console.Error.WriteLine($"measuring the noise floor for {NoiseLength.TotalSeconds} s …");
            }
            DoctorFindings found = DoctorFindings.Examine(kvm, isQuick ? null : NoiseLength);
            if (json) console.Out.WriteLine(Records.Json(DoctorReport.Json(found)));
            else console.Text.Write(DoctorReport.Of(found));
            return found.HasBad && parsed.GetValue(strict) ? ExitCode.Contaminated : ExitCode.Fine;
        }));
        return command;
    }
}

using System.CommandLine;
using System.Diagnostics;
using Lab.Application;
using Lab.Settings;

namespace Lab.Cli.Bench;

/// <summary><c>lab bench</c>: starts the project in <c>bench/</c>, which carries BenchmarkDotNet and the C peers, with the
/// arguments given. A process of its own, so that the lab does not drag a compiler along.</summary>
internal static class BenchCommand
{
    public static Command Build(LabConsole console)
    {
        Argument<string[]> rest =
            new("arguments") { Description = "a filter of benchmarks; or 'peers', with --peer radix, memslot or all, "
                + "--pages N, --threads N, --rounds N, --format table or csv", Arity = ArgumentArity.ZeroOrMore };
        Command command = new("bench", "micro-benchmarks, and the C peers: 'lab bench peers --format csv'")
            { TreatUnmatchedTokensAsErrors = false };
        command.Arguments.Add(rest);
        command.SetAction(parsed => Verb.Guarded(console, () =>
        {
            CancellationToken cancellation = console.Signals.Token;
            string project = Path.Combine(FindCheckout(), "bench");
            ProcessStartInfo start = new("dotnet") { UseShellExecute = false };
            foreach (string argument in (string[])["run", "-c", "Release", "--project", project, "--",
                .. parsed.GetValue(rest) ?? [], .. parsed.UnmatchedTokens])
            {
                start.ArgumentList.Add(argument);
            }
            using Process child =
                Process.Start(start) ?? throw new UsageException("dotnet could not be started; put the SDK on PATH.");
            console.Signals.Saves("the benchmarks are being ended");
            using CancellationTokenRegistration end = cancellation.Register(() => child.Kill(entireProcessTree: true));
            child.WaitForExit();
            return cancellation.IsCancellationRequested ? ExitCode.Interrupted : child.ExitCode;
        }));
        return command;
    }

    private static string FindCheckout()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Lab.sln"))) return folder.FullName;
        }
        throw new UsageException(
            "lab bench needs the lab's source checkout above the program; run it with 'dotnet run' from there.");
    }
}

using System.Diagnostics;
using System.Text.RegularExpressions;
using Lab.Tests.Cli;
using Lab.Tests.Results;
using Xunit;

namespace Lab.Tests.Layout;

/// <summary>The project files of docs/FIRST-HOUR.md, built as somebody else would, outside of the checkout.</summary>
public sealed partial class FirstHourTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_strategy_of_ones_own_is_built_and_listed()
    {
        Build(0, "Mine", "tests/Plugin/ZapInline.cs");
        LabExit lab = LabProcess.Run("list", "strategies", "--plugin", Path.Combine(_folder.Path, "out", "Mine.dll"));
        Assert.Equal((0, ""), (lab.Code, lab.Error));
        Assert.Contains("\nzap-inline ", lab.Out);
    }

    [Fact]
    public void A_test_that_explores_is_built_and_passes()
    {
        Build(1, "Tests", "tests/Explorer/LastPutTests.cs");
        (int code, string said) = Run(Path.Combine(_folder.Path, "out", "Tests.dll"));
        Assert.True(code == 0, said);
        Assert.Matches(@"(?i)total: 1\b", said);
    }

    /// <summary>The page's project of that number, beside a copy of the source.</summary>
    private void Build(int number, string name, string source)
    {
        string page = File.ReadAllText(Path.Combine(LabProcess.Checkout, "docs", "FIRST-HOUR.md"));
        string project = Path.Combine(_folder.Path, $"{name}.csproj");
        File.WriteAllText(project, Project().Matches(page)[number].Groups[1].Value);
        File.Copy(Path.Combine(LabProcess.Checkout, source), Path.Combine(_folder.Path, Path.GetFileName(source)));
        (int code, string said) = Run("build", "-o", Path.Combine(_folder.Path, "out"),
            $"-p:Lab={Path.GetDirectoryName(LabProcess.Program)}", project);
        Assert.True(code == 0, said);
        Assert.DoesNotContain("warning", said.Replace("0 Warning", "", StringComparison.Ordinal));
    }

    private (int Code, string Said) Run(params string[] arguments)
    {
        ProcessStartInfo start = new("dotnet", arguments)
            { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = _folder.Path };
        using Process dotnet = Process.Start(start)!;
        Task<string> error = dotnet.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string said = dotnet.StandardOutput.ReadToEnd();
        dotnet.WaitForExit();
        return (dotnet.ExitCode, said + error.Result);
    }

    [GeneratedRegex("```xml\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Project();
}

using Lab.Results;
using Lab.Tests.Results;
using Xunit;

namespace Lab.Tests.Cli;

/// <summary><c>lab export</c> and what <c>lab track show</c> makes of a store.</summary>
public sealed class ExportCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private string Runs => Path.Combine(_folder.Path, "runs");

    private string Store => Path.Combine(_folder.Path, "store");

    [Fact]
    public void A_name_that_means_nothing_leaves_no_store()
    {
        string run = Measure();
        LabExit exported = LabProcess.Run("export", run, "nosuch", "--parquet", Store, "--out", Runs);
        Assert.Equal(2, exported.Code);
        Assert.Contains("nosuch", Assert.Single(exported.ErrorLines));
        Assert.False(Directory.Exists(Store));
    }

    [Fact]
    public void A_store_that_cannot_be_is_named_by_its_option()
    {
        LabExit exported = LabProcess.Run("export", Measure(), "--parquet", "/dev/null");
        Assert.Equal(2, exported.Code);
        Assert.Contains("choose another folder with --parquet.", Assert.Single(exported.ErrorLines));
    }

    [Fact]
    public void A_store_is_asked_and_says_what_it_does_not_answer()
    {
        LabExit exported = LabProcess.Run("export", Measure(), "--parquet", Store);
        Assert.True(exported.Code == 0, exported.Error);
        AssertRefused("", "--sql takes one SELECT over 'history', and this is none.");
        AssertRefused("SELECT 1; DROP VIEW history", "--sql only reads: one SELECT");
        AssertRefused("SELECT nothing FROM history", "--sql is refused: Binder Error");
        LabExit none = Ask("SELECT run, value FROM history WHERE value < 0");
        Assert.Equal((0, "run value", ""), (none.Code, none.Words, none.Error));

        string bad = Path.Combine(Path.GetDirectoryName(
            Directory.EnumerateFiles(Store, "*.parquet", SearchOption.AllDirectories).First())!, "bad.parquet");
        File.WriteAllText(bad, "");
        LabExit rest = Ask("SELECT count(*) > 0 AS found FROM history");
        Assert.Equal((0, "found ───── True"), (rest.Code, rest.Words));
        Assert.StartsWith($"note: '{bad}' cannot be read: it is not a whole Parquet file; left out.",
            Assert.Single(rest.ErrorLines));
        LabExit shown = LabProcess.Run("track", "show", "--from", Store, "--machine", "all");
        Assert.Equal(0, shown.Code);
        Assert.Contains($"note: '{bad}' cannot be read", shown.Error);
    }

    private void AssertRefused(string sql, string complaint)
    {
        LabExit refused = Ask(sql);
        Assert.Equal((2, ""), (refused.Code, refused.Out));
        Assert.Contains(complaint, Assert.Single(refused.ErrorLines));
    }

    private LabExit Ask(string sql) => LabProcess.Run("track", "show", "--from", Store, "--sql", sql);

    /// <summary>Its folder.</summary>
    private string Measure()
    {
        LabExit measured = LabProcess.Run("run", "--strategy", "mainline", "--duration", "500ms", "--warmup", "20ms", "--memory",
            "1MiB", "--watch", "off", "--figures", "off", "--out", Runs);
        Assert.True(measured.Code == 0, measured.Error);
        return new RunStore(Runs).Open("latest").Folder;
    }
}

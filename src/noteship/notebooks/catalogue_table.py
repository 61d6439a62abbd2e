"""The readers and writers that are known by name, one line each.

A line is: action, name, argument, options. The name is the dotted one of a function, `*.name` for a method of whatever
object, or `library.**.name` for a method of any object of a library; `{a,b}` stands for several names. The argument is
its position (`-` for none), then its keywords. Options: `folder` (the path is a folder), `ext=.npy` (added when it is
missing; `ext=?.png` only when there is no extension at all), `mode=POSITION:KEYWORD:DEFAULT` (the mode decides what
happens), `weak` (only what surely looks like a file's path), `doubtful` (perhaps no file: something must confirm it),
`external` (what is named lies outside the project). A name may have several lines.
"""

from __future__ import annotations

__all__ = ["TABLE"]

TABLE = """
read pandas.read_{csv,table,fwf} 0|filepath_or_buffer
read pandas.read_{excel} 0|io
read pandas.read_{parquet,feather,orc} 0|path
read pandas.read_{pickle,stata,sas} 0|filepath_or_buffer|filepath
read pandas.read_{json,xml} 0|path_or_buf|path_or_buffer
read pandas.read_{spss} 0|path
read pandas.read_html 0|io weak
read pandas.read_hdf 0|path_or_buf
read pandas.ExcelFile 0|path_or_buffer|io
read pandas.io.json.read_json 0|path_or_buf
read *.read_{csv,excel,parquet,feather,pickle,stata,orc,fwf,table} 0|filepath_or_buffer|source|path|io
read *.read_{sas,spss,hdf,ipc,ndjson,avro,delta,ods} 0|filepath_or_buffer|source|path|path_or_buf
read *.read_json 0|path_or_buf|source
read *.scan_{csv,parquet,ipc,ndjson,delta} 0|source
write *.to_{csv} 0|path_or_buf|path|filename
write *.to_{parquet,pickle,feather,orc,stata} 0|path|fname
write *.to_excel 0|excel_writer
write *.to_hdf 0|path_or_buf
write *.to_{json,html,latex,markdown,string,xml} 0|path_or_buf|path_or_buffer|buf|path
write *.to_file 0|filename
write *.to_{netcdf} 0|path
write *.to_zarr 0|store folder
write *.to_delta 0|target folder
write pandas.ExcelWriter 0|path mode=:mode:w
write pandas.to_pickle 1|filepath_or_buffer
write openpyxl.**.save 0|filename
read openpyxl.load_workbook 0|filename
write xlsxwriter.Workbook 0|filename
read xlrd.open_workbook 0|filename
write xlwt.**.save 0
read docx.Document 0|docx
write docx.**.save 0
read pptx.Presentation 0
write pptx.**.save 0
read pyreadstat.read_{sav,dta,sas7bdat,xport,por} 0|filename_path
write pyreadstat.write_{sav,dta,xport} 1|dst_path
read pyreadr.read_r 0
write pyreadr.write_rds 0
write pyreadr.write_rdata 0

read polars.read_{csv,parquet,ipc,json,ndjson,excel,avro,delta,ods,csv_batched,ipc_stream} 0|source
read polars.scan_{csv,parquet,ipc,ndjson,delta} 0|source
write *.write_{csv,parquet,ipc,json,ndjson,avro,ipc_stream} 0|file
write *.write_excel 0|workbook
write *.write_delta 0|target folder
write *.sink_{csv,parquet,ipc,ndjson} 0|path
read vaex.open{,_many} 0|path
write *.export{,_hdf5,_arrow,_parquet,_csv} 0|path weak
read datatable.fread 0
read pyspark.**.load 0|path
write pyspark.ml.**.save 0|path folder
write pyspark.mllib.**.save 1|path folder
read pyspark.mllib.**.load 1|path
read pyspark.**.textFile 0
read spark-read.{csv,parquet,json,orc,text,load,table_} 0|path
write spark-write.{csv,parquet,json,orc,text,save} 0|path
write *.saveAsTextFile 0|path folder

read numpy.load 0|file
read numpy.{loadtxt,genfromtxt,fromfile,recfromcsv} 0|fname|file
read numpy.lib.format.open_memmap 0|filename
read numpy.memmap 0|filename mode=2:mode:r
read numpy.DataSource 0
write numpy.save 0|file ext=.npy
write numpy.savez{,_compressed} 0|file ext=.npz
write numpy.savetxt 0|fname
write *.tofile 0|fid
read scipy.io.{loadmat,whosmat,mmread,readsav} 0|file_name|source
write scipy.io.savemat 0|file_name ext=?.mat
write scipy.io.mmwrite 0|target ext=?.mtx
read scipy.io.wavfile.read 0|filename
write scipy.io.wavfile.write 0|filename
read scipy.io.arff.loadarff 0|f
read scipy.io.netcdf_file 0|filename mode=1:mode:r
read scipy.sparse.load_npz 0|file
write scipy.sparse.save_npz 0|file ext=.npz
read scipy.misc.imread 0
write scipy.misc.imsave 0

read pyarrow.parquet.read_{table,pandas,metadata,schema} 0|source|where
read pyarrow.parquet.ParquetFile 0|source
read pyarrow.parquet.ParquetDataset 0|path_or_paths
read pyarrow.parquet.read_schema 0|where
write pyarrow.parquet.write_table 1|where
write pyarrow.parquet.write_to_dataset 1|root_path folder
write pyarrow.parquet.ParquetWriter 0|where
read pyarrow.feather.read_{feather,table} 0|source
write pyarrow.feather.write_feather 1|dest
read pyarrow.csv.{read_csv,open_csv} 0|input_file
write pyarrow.csv.write_csv 1|output_file
read pyarrow.json.read_json 0|input_file
read pyarrow.orc.read_table 0|source
write pyarrow.orc.write_table 1|where
read pyarrow.dataset.dataset 0|source
write pyarrow.dataset.write_dataset 1|base_dir folder
read pyarrow.{memory_map,OSFile,input_stream} 0|path|source mode=1:mode:r
write pyarrow.output_stream 0|source
read fastparquet.ParquetFile 0|fn
write fastparquet.write 0|filename
read feather.read_dataframe 0|source
write feather.write_dataframe 1|dest
read deltalake.DeltaTable 0|table_uri
write deltalake.write_deltalake 0|table_or_uri folder

read joblib.load 0|filename
write joblib.dump 1|filename
read pickle.load 0|file weak
write pickle.dump 1|file weak
read json.load 0|fp weak
write json.dump 1|fp weak
read sklearn.datasets.{load_files} 0|container_path folder
read sklearn.datasets.load_svmlight_file 0|f
write sklearn.datasets.dump_svmlight_file 2|f
write sklearn.tree.export_graphviz 1|out_file
read skops.io.{load} 0|file
read skops.io.get_untrusted_types -|file
write skops.io.dump 1|file
write *.write_pmml 0
write sklearn2pmml.sklearn2pmml 1|pmml
read srsly.read_{json,jsonl,yaml,msgpack,gzip_json} 0
write srsly.write_{json,jsonl,yaml,msgpack,gzip_json} 0
read jsonlines.open 0|file mode=1:mode:r
read toml.load 0|f
read yaml.load_file 0
read compress_pickle.load 0|path
write compress_pickle.dump 1|path
read hickle.load 0
write hickle.dump 1
read mat73.loadmat 0
read hdf5storage.loadmat 0
write hdf5storage.savemat 0

read torch.load 0|f
read torch.jit.load 0|f
write torch.save 1|f
write torch.jit.save 1|f
write torch.onnx.export 2|f
write torchvision.utils.save_image 1|fp
read torchvision.io.read_{image,video} 0|path|filename
read torchvision.datasets.{ImageFolder,DatasetFolder} 0|root folder
read torchaudio.{load,info} 0|uri|filepath
write torchaudio.save 0|uri|filepath
read safetensors.torch.load_file 0|filename
write safetensors.torch.save_file 1|filename
read safetensors.numpy.load_file 0|filename
write safetensors.numpy.save_file 1|filename
read safetensors.safe_open 0|filename
write *.save_checkpoint 0|filepath weak
read *.load_from_checkpoint 0|checkpoint_path weak
read *.load_checkpoint 0 weak
write *.save_lora_weights 0 folder doubtful

read keras.models.load_model 0|filepath
read keras.saving.load_model 0|filepath
read keras.models.load_weights 0
write keras.models.save_model 1|filepath
write keras.saving.save_model 1|filepath
write keras.**.save{,_weights} 0|filepath
write keras.**.export 0|filepath folder
read keras.**.load_weights 0|filepath
write keras.callbacks.ModelCheckpoint 0|filepath
write keras.callbacks.CSVLogger 0|filename
write keras.callbacks.TensorBoard 0|log_dir folder
write keras.callbacks.BackupAndRestore 0|backup_dir folder
write keras.utils.plot_model 1|to_file
read keras.**.flow_from_directory 0|directory folder
read keras.**.flow_from_dataframe 1|directory folder
read tensorflow.data.Dataset.list_files 0|file_pattern
read keras.**.{image,text,audio}_dataset_from_directory 0|directory folder
read keras.preprocessing.image.load_img 0|path
read keras.utils.load_img 0|path
write keras.preprocessing.image.save_img 0|path
write keras.utils.save_img 0|path
write tensorflow.saved_model.save 1|export_dir folder
read tensorflow.saved_model.load 0|export_dir folder
read tensorflow.io.read_file 0|filename
write tensorflow.io.write_file 0|filename
read tensorflow.io.gfile.GFile 0|name mode=1:mode:r
read tensorflow.io.{decode_image_file} 0
read tensorflow.data.{TFRecordDataset,TextLineDataset} 0|filenames
write tensorflow.io.TFRecordWriter 0|path
read tensorflow.data.experimental.make_csv_dataset 0|file_pattern
write tensorflow.summary.create_file_writer 0|logdir folder
write torch.utils.tensorboard.SummaryWriter 0|log_dir folder
write tensorboardX.SummaryWriter 0|log_dir|logdir folder
read tensorflow.lite.Interpreter -|model_path
read onnx.load 0
write onnx.save{,_model} 1|f
read onnxruntime.InferenceSession 0|path_or_bytes
read onnxmltools.utils.load_model 0
write onnxmltools.utils.save_model 1
write *.save_{model,weights,binary} 0|fname|filename|filepath|path
read *.load_{weights} 0|filepath|path
read *.load_model 0|fname|filename|path|filepath weak
read xgboost.Booster -|model_file
read xgboost.DMatrix 0|data weak
read *.load_model 0 weak
read lightgbm.Booster -|model_file
read lightgbm.Dataset 0|data weak
write lightgbm.**.save_model 0|filename
read catboost.**.load_model 0|fname
read catboost.Pool 0|data weak
write *.save_pretrained{,_merged,_gguf} 0|save_directory|path folder
write *.push_to_hub 0|repo_id external
read *.from_pretrained 0|pretrained_model_name_or_path folder doubtful
read transformers.pipeline -|model|tokenizer folder doubtful
write transformers.{TrainingArguments,Seq2SeqTrainingArguments} 0|output_dir folder doubtful
write trl.{SFTConfig,DPOConfig,GRPOConfig,PPOConfig,RewardConfig} 0|output_dir folder doubtful
write trl.**.save_model 0|output_dir folder
write transformers.**.save_model 0|output_dir folder
read sentence_transformers.SentenceTransformer 0|model_name_or_path folder doubtful
write sentence_transformers.**.save 0|path folder
write *.save_to_disk 0|dataset_path|dataset_dict_path folder
read *.load_from_disk 0|dataset_path|dataset_dict_path folder
read *.from_{csv,parquet,json,text} 0|path_or_paths weak
read fasttext.load_model 0
read fasttext.train_supervised 0|input
read fasttext.train_unsupervised 0|input
read fastai.**.load_learner 0|fname
read fastai.learner.load_learner 0|fname
write fastai.**.export 0|fname
read autogluon.**.load 0|path folder
read h2o.load_model 0|path
write h2o.save_model -|path folder
read h2o.import_file 0|path
write h2o.export_file 1|path
write pycaret.**.save_model 1|model_name ext=.pkl
read pycaret.**.load_model 0|model_name ext=.pkl
read mlflow.log_artifact{,s} 0|local_path|local_dir doubtful
write mlflow.**.save_model 1|path folder
read wandb.save 0|glob_str
read wandb.**.add_file 0|local_path
read wandb.**.add_dir 0|local_path folder
read surprise.dump.load 0|file_name
write surprise.dump.dump 0|file_name
read surprise.Dataset.load_from_file 0|file_path
read prophet.serialize.model_from_json 0 weak
read *.model_from_json 0 weak
read statsmodels.**.load{,_pickle} 0|fname
read implicit.**.load 0
read annoy.**.load 0
write annoy.**.save 0
read faiss.read_index 0
write faiss.write_index 1
read hnswlib.**.load_index 0
write hnswlib.**.save_index 0
read lifelines.**.load 0
read whisper.load_model 0 doubtful
read ultralytics.YOLO 0|model doubtful
read *.load_pickle 0 weak
read *.load_npz 0 weak

read gensim.**.load{,_word2vec_format} 0|fname
write gensim.**.save{,_word2vec_format,_as_text,_corpus} 0|fname|fname_or_handle
read gensim.models.word2vec.{LineSentence,PathLineSentences} 0|source
read gensim.corpora.{MmCorpus} 0
write gensim.corpora.MmCorpus.serialize 0|fname
read gensim.corpora.Dictionary.load{,_from_text} 0|fname
read spacy.load 0|name folder doubtful
write *.to_disk 0|path folder
read *.from_disk 0|path folder weak
read nltk.data.{load,find} 0 external
read nltk.corpus.reader.PlaintextCorpusReader 0|root folder
read nltk.corpus.PlaintextCorpusReader 0|root folder
read sentencepiece.SentencePieceProcessor -|model_file
read sentencepiece.SentencePieceTrainer.{train,Train} -|input
write sentencepiece.SentencePieceTrainer.{train,Train} -|model_prefix ext=.model
read tokenizers.**.train 0|files
read tokenizers.Tokenizer.from_file 0
write tokenizers.**.save 0|path
write *.to_wave_file 0 weak

write *.savefig 0|fname|figure ext=?.png
write matplotlib.pyplot.imsave 0|fname
read matplotlib.pyplot.imread 0|fname
read matplotlib.image.imread 0|fname
write matplotlib.image.imsave 0|fname
write matplotlib.backends.backend_pdf.PdfPages 0|filename
write *.write_{html,image} 0|file
write plotly.**.write_json 0|file
write plotly.io.write_{html,image,json} 1|file
read plotly.io.read_json 0|file
write plotly.offline.plot -|filename
write plotly.offline.iplot -|filename weak
write altair.**.save 0|fp
write bokeh.io.{output_file} 0|filename
write bokeh.plotting.output_file 0|filename
write bokeh.io.save -|filename
write bokeh.plotting.save -|filename
write bokeh.io.export_{png,svg} -|filename
write bokeh.io.export.export_{png,svgs} -|filename
write holoviews.save 1|filename
write hvplot.save 1|filename
write pygal.**.render_to_{file,png} 0
write folium.**.save 0|outfile
write pyvis.**.{save_graph,show,write_html} 0|name
write graphviz.**.render 0|filename
write pydot.**.write_{png,svg,pdf,dot} 0
write *.write_{png,svg,pdf} 0 weak
write wordcloud.**.to_file 0
write seaborn.**.save{,fig} 0
write plotnine.**.save 0|filename
write plotnine.ggsave 0|filename|plot weak
write ydata_profiling.**.to_{file,html} 0|output_file
write pandas_profiling.**.to_{file,html} 0|output_file|outputfile
write sweetviz.**.show_html 0|filepath
write evidently.**.save{_html,_json,} 0|filename
write dataframe_image.export 1|filename
write shap.save_html 0|out_file
write eli5.**.save 0 weak
write yellowbrick.**.show -|outpath
write yellowbrick.**.poof -|outpath
write pyLDAvis.save_{html,json} 1|fileobj
write missingno.**.savefig 0
write *.save_{svg,png,image,fig,plot} 0 weak
write matplotlib.animation.**.save 0|filename
write dtreeviz.**.save 0

read IPython.display.{Image,SVG,Audio,Video} 0|filename|data weak
read PIL.Image.open 0|fp
write PIL.**.save 0|fp
read imageio.{imread,mimread,get_reader,imopen,volread} 0|uri
write imageio.{imwrite,imsave,mimsave,mimwrite,get_writer,volwrite} 0|uri
read cv2.imread{,multi} 0|filename
read cv2.VideoCapture 0|filename weak
write cv2.imwrite 0|filename
write cv2.VideoWriter 0|filename
read cv2.dnn.readNet{,FromCaffe,FromTensorflow,FromDarknet,FromONNX} 0
read skimage.io.{imread,imread_collection} 0|fname|load_pattern
write skimage.io.imsave 0|fname
read tifffile.{imread,TiffFile} 0
write tifffile.{imwrite,imsave,TiffWriter} 0
read *.imread 0 weak
write *.{imwrite,imsave} 0 weak
read nibabel.load 0|filename
write nibabel.save 1|filename
read pydicom.{dcmread,read_file} 0|fp
read SimpleITK.ReadImage 0|fileName
write SimpleITK.WriteImage 1|fileName
read librosa.load 0|path
read librosa.get_duration -|filename|path
read soundfile.{read,SoundFile,info,blocks} 0|file
write soundfile.write 0|file
read wave.open 0|f mode=1:mode:r
read pydub.AudioSegment.from_{file,wav,mp3} 0|file
write pydub.**.export 0|out_f
read moviepy.editor.{VideoFileClip,AudioFileClip} 0|filename
write *.write_{videofile,audiofile,gif} 0|filename
read PyPDF2.PdfReader 0
read pypdf.PdfReader 0
read pdfplumber.open 0
read fitz.open 0 weak
read tabula.read_pdf 0|input_path
read camelot.read_pdf 0|filepath
read docx2txt.process 0
read pytesseract.image_to_{string,data} 0 weak

read geopandas.read_{file,parquet,feather} 0|filename|path
read trackintel.**.read_{positionfixes,staypoints,triplegs,locations,trips,tours}_csv 0
write trackintel.**.write_{positionfixes,staypoints,triplegs,locations,trips,tours}_csv 1|filename
read geopandas.GeoDataFrame.from_file 0|filename
read rasterio.open 0|fp mode=1:mode:r
read rioxarray.open_rasterio 0|filename
write *.to_raster 0|raster_path
read fiona.open 0|fp mode=1:mode:r
read shapefile.Reader 0
write shapefile.Writer 0
read osmnx.load_graphml 0|filepath
write osmnx.save_graphml -|filepath
read xarray.{open,load}_{dataset,dataarray} 0|filename_or_obj
read xarray.{open_mfdataset,open_zarr} 0|filename_or_obj|paths|store
read netCDF4.Dataset 0|filename mode=1:mode:r
read h5py.File 0|name mode=1:mode:r
read tables.open_file 0|filename mode=1:mode:r
read zarr.{load} 0|store
read zarr.{open,open_group,open_array} 0|store mode=1:mode:a
write zarr.{save,save_array,save_group} 0|store folder
read tiledb.open 0|uri mode=1:mode:r
read anndata.read_{h5ad,csv,loom,zarr} 0|filename
read anndata.read 0|filename
write scvi.**.save 0|dir_path folder
read scvi.**.load 0|dir_path folder
read scanpy.read{,_h5ad,_csv,_loom,_text} 0|filename
read scanpy.read_10x_{mtx,h5} 0|path|filename
write *.write_{h5ad,loom,zarr} 0|filename|store
write anndata.**.write 0|filename
write scanpy.**.write 0|filename
read mne.io.read_raw_{fif,edf,bdf,gdf,brainvision} 0|fname|input_fname
read mne.{read_epochs,read_evokeds} 0|fname
write mne.**.save 0|fname
read Bio.SeqIO.{parse,read,index} 0
write Bio.SeqIO.write 1
read pysam.{AlignmentFile,VariantFile} 0|filename mode=1:mode:r
read astropy.io.fits.{open,getdata,getheader} 0|name|filename
write astropy.io.fits.writeto 0|filename
write *.writeto 0|name weak
read astropy.table.Table.read 0
write astropy.**.write 0
read ase.io.read 0
write ase.io.write 0
read rdkit.Chem.{SDMolSupplier,MolFromMolFile,PandasTools.LoadSDF} 0
read uproot.open 0 mode=:mode:r
read obspy.read 0
read pymatgen.**.from_file 0
read trimesh.load 0
read open3d.io.read_{point_cloud,triangle_mesh,image} 0
write open3d.io.write_{point_cloud,triangle_mesh,image} 0
read pyvista.read 0
read laspy.{read,open} 0
read igraph.Graph.Read{,_GraphML,_Edgelist,_GML,_Ncol,_Pajek} 0
write igraph.**.write{,_graphml,_gml} 0

read networkx.read_{gpickle,graphml,gml,edgelist,weighted_edgelist,adjlist,gexf,pajek,shp,leda,multiline_adjlist} 0|path
write networkx.write_{gpickle,graphml,gml,edgelist,weighted_edgelist,adjlist,gexf,pajek,multiline_adjlist} 1|path
write networkx.drawing.**.write_dot 1
read dgl.load_graphs 0
write dgl.save_graphs 0
read pgmpy.readwrite.BIFReader 0
write pgmpy.readwrite.BIFWriter.write_bif 0

read logging.config.fileConfig 0|fname
write logging.FileHandler 0|filename
write logging.handlers.{RotatingFileHandler,TimedRotatingFileHandler} 0|filename
write logging.basicConfig -|filename
write loguru.logger.add 0|sink weak
write structlog.WriteLoggerFactory 0 weak
read dotenv.{dotenv_values} 0|dotenv_path
read linecache.getline 0|filename
read csv.reader 0 weak
read fileinput.input 0|files
read mmap.mmap 0 weak
read filecmp.cmp 0|f1
read filecmp.cmp 1|f2
read xml.etree.ElementTree.{parse,iterparse} 0|source
read xml.etree.cElementTree.{parse,iterparse} 0|source
read xml.dom.minidom.parse 0
read lxml.etree.{parse,iterparse} 0|source
write xml.etree.ElementTree.**.write 0|file_or_filename
read lxml.html.parse 0
read xmltodict.parse 0 weak
read email.message_from_file 0 weak
read mailbox.mbox 0|path
read ics.Calendar 0 weak
read music21.converter.parse 0 weak
read pretty_midi.PrettyMIDI 0|midi_file
read mido.MidiFile 0|filename
read great_expectations.read_{csv,parquet,json,excel} 0
read modin.pandas.read_csv 0
read sframe.SFrame 0 weak
read turicreate.{SFrame,load_model} 0 weak
write turicreate.**.save 0
read ray.data.read_{csv,parquet,json,images,text} 0|paths
read ibis.read_{csv,parquet,json} 0
read connectorx.read_sql 0|conn external

read requests.{get,post,put,head,request} 0|url external
read requests.Session().{get,post} 0|url external
read httpx.{get,post,stream} 0|url external
read urllib.request.{urlopen} 0|url external
read urllib2.urlopen 0|url external
read gdown.download 0|url|id external
write gdown.download 1|output
read wget.download 0|url external
write wget.download 1|out
read urllib.request.urlretrieve 0|url external
write urllib.request.urlretrieve 1|filename
read urllib.urlretrieve 0|url external
write urllib.urlretrieve 1|filename
read torch.hub.download_url_to_file 0|url external
write torch.hub.download_url_to_file 1|dst
read seaborn.load_dataset 0|name external
read sklearn.datasets.fetch_openml 0|name external
read huggingface_hub.{hf_hub_download,snapshot_download} 0|repo_id external
read kagglehub.{dataset_download,model_download} 0|handle external
read {psycopg2,psycopg,pymysql,MySQLdb,pyodbc,cx_Oracle,oracledb,pymssql}.connect 0|dsn|host|database external
read mysql.connector.connect -|host external
read snowflake.connector.connect -|account external
read google.cloud.bigquery.Client -|project external
read pymongo.MongoClient 0|host external
read yfinance.download 0|tickers external
read pandas_datareader.data.DataReader 0|name external
read kaggle.api.dataset_download_files 0|dataset external
write kaggle.api.dataset_download_files -|path folder
read openml.datasets.get_dataset 0|dataset_id external
write *.download_file 2|Filename weak
read *.upload_file 0|Filename weak
write *.download_to_filename 0|filename weak
read *.upload_from_filename 0|filename weak
write *.download 1|output weak
read *.log_artifact 0|local_path weak
write *.screenshot 0|filename|path weak
write *.save_screenshot 0|filename weak

write *.{save,dump} 0|path|filename|filepath|fname|file|fp weak
write *.dump 1|path|filename weak
read *.load 0|path|filename|filepath|fname|file weak doubtful
read *.from_file 0|filename|path weak doubtful
write *.write_{text_file,file} 0 weak
write *.export_{csv,excel,json} 0 weak
write *.render 0 weak doubtful
"""
